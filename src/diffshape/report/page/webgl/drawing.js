"use strict";
// Layers drawn by WebGL 2: surfaces with the light of preview.png, points as small balls.

const LIGHT = `
vec3 shaded(vec3 color, vec3 n, float soft) {
  vec3 sky = vec3(0.24, 0.27, 0.33) * (0.7 + 0.3 * n.y);
  vec3 key = max(dot(n, normalize(vec3(-0.55, 0.65, 0.60))), 0.0) * vec3(1.08, 1.01, 0.92);
  vec3 fill = max(dot(n, normalize(vec3(0.80, -0.05, 0.45))), 0.0) * vec3(0.20, 0.24, 0.31);
  float shine = pow(max(dot(n, normalize(vec3(-0.30, 0.36, 0.88))), 0.0), 40.0) * 0.2;
  vec3 light = mix(sky + key + fill + shine, vec3(1.0), soft);
  return pow(clamp(color * light, 0.0, 1.0), vec3(1.0 / 2.2));
}`;

const COLOR = `
uniform int mode; // 0: plain, 1: numbers on a scale, 2: colours of its own
uniform vec3 stops[9];
vec3 chosen(vec3 plain, float number, vec3 own) {
  if (mode == 2) return pow(own, vec3(2.2));
  if (mode == 0) return plain;
  if (number > 0.998) return vec3(0.35);
  float place = clamp(number * 255.0 / 254.0, 0.0, 1.0) * 8.0;
  int first = min(int(place), 7);
  return pow(mix(stops[first], stops[first + 1], place - float(first)), vec3(2.2));
}`;

const SURFACE_VERTEX = `#version 300 es
layout(location = 0) in vec3 place;
layout(location = 1) in vec3 normal;
layout(location = 2) in float number;
layout(location = 3) in vec3 own;
uniform mat4 view, lens;
out vec3 eye, smoothNormal, ownColor;
centroid out float shown; // beyond a triangle's edge it could run into the byte of what is not known
void main() {
  vec4 at = view * vec4(place, 1.0);
  eye = at.xyz;
  smoothNormal = mat3(view) * normal;
  shown = number;
  ownColor = own;
  gl_Position = lens * at;
}`;

// A vertex normal is used where it is within about 25 degrees of the face's, so that creases stay sharp.
const SURFACE_FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
in vec3 eye, smoothNormal, ownColor;
centroid in float shown;
uniform vec3 outside;
out vec4 result;
${LIGHT}${COLOR}
void main() {
  vec3 flatNormal = normalize(cross(dFdx(eye), dFdy(eye)));
  if (dot(flatNormal, eye) > 0.0) flatNormal = -flatNormal;
  vec3 n = normalize(smoothNormal) * (gl_FrontFacing ? 1.0 : -1.0);
  n = mix(flatNormal, n, smoothstep(0.80, 0.92, dot(n, flatNormal)));
  vec3 plain = gl_FrontFacing ? outside : vec3(0.72, 0.30, 0.20);
  result = vec4(shaded(chosen(plain, shown, ownColor), normalize(n), mode == 0 ? 0.0 : 0.3), 1.0);
}`;

const POINT_VERTEX = `#version 300 es
layout(location = 0) in vec3 place;
layout(location = 2) in float number;
layout(location = 3) in vec3 own;
uniform mat4 view, lens;
uniform float size;
out vec3 ownColor;
out float shown;
void main() {
  vec4 at = view * vec4(place, 1.0);
  shown = number;
  ownColor = own;
  gl_Position = lens * at;
  gl_PointSize = max(size / -at.z, 1.5);
}`;

const POINT_FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
in vec3 ownColor;
in float shown;
uniform vec3 outside;
out vec4 result;
${LIGHT}${COLOR}
void main() {
  vec2 off = (2.0 * gl_PointCoord - 1.0) * vec2(1.0, -1.0);
  float inside = 1.0 - dot(off, off);
  if (inside < 0.0) discard;
  result = vec4(shaded(chosen(outside, shown, ownColor), vec3(off, sqrt(inside)), mode == 0 ? 0.0 : 0.3), 1.0);
}`;

class Drawing {
  constructor(canvas) {
    this.gl = canvas.getContext("webgl2", { antialias: true, alpha: true });
    if (!this.gl) throw new Error("this browser has no WebGL 2");
    this.programs = {
      surface: this.program(SURFACE_VERTEX, SURFACE_FRAGMENT),
      points: this.program(POINT_VERTEX, POINT_FRAGMENT),
    };
  }

  program(vertex, fragment) {
    const gl = this.gl, program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
    const places = {};
    for (const name of ["view", "lens", "size", "mode", "stops", "outside"]) places[name] = gl.getUniformLocation(program, name);
    return { program, places };
  }

  // Puts the arrays of a layer into buffers: places, and for a surface faces and normals.
  upload(places, faces) {
    const gl = this.gl, array = gl.createVertexArray();
    gl.bindVertexArray(array);
    this.attribute(0, places, 3, gl.FLOAT, false);
    if (faces) {
      this.attribute(1, vertexNormals(places, faces), 4, gl.SHORT, true);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, faces, gl.STATIC_DRAW);
    }
    return { array, count: faces ? faces.length : places.length / 3 };
  }

  // Gives the vertices of a layer numbers of one byte, or colours of three.
  paint(buffers, location, bytes, size) {
    this.gl.bindVertexArray(buffers.array);
    this.attribute(location, bytes, size, this.gl.UNSIGNED_BYTE, true);
  }

  attribute(location, values, size, kind, normalized) {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, size, kind, normalized, 0, 0);
  }

  // Draws layers {kind, buffers, mode, stops, color}.
  draw(layers, camera, up) {
    const gl = this.gl, canvas = gl.canvas, ratio = Math.min(window.devicePixelRatio || 1, 2);
    const width = Math.max(1, Math.round(canvas.clientWidth * ratio)), height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    const { view, lens } = camera.matrices(width / height, up);
    for (const { kind, buffers, mode, stops, color } of layers) {
      const { program, places } = this.programs[kind];
      gl.useProgram(program);
      gl.uniformMatrix4fv(places.view, false, view);
      gl.uniformMatrix4fv(places.lens, false, lens);
      gl.uniform1i(places.mode, mode);
      gl.uniform3fv(places.stops, stops);
      gl.uniform3fv(places.outside, color);
      gl.bindVertexArray(buffers.array);
      if (kind === "points") {
        const radius = Math.max(0.004, Math.min(0.02, 1.0 / Math.sqrt(buffers.count)));
        gl.uniform1f(places.size, radius * height * lens[5]);
        gl.drawArrays(gl.POINTS, 0, buffers.count);
      } else {
        gl.drawElements(gl.TRIANGLES, buffers.count, gl.UNSIGNED_INT, 0);
      }
    }
  }
}
