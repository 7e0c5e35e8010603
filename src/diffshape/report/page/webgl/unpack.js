"use strict";
// Arrays of a scene: see packing.py, which lays them out.

async function inflated(base64) {
  const letters = atob(base64), packed = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place++) packed[place] = letters.charCodeAt(place);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function differencesUndone(bytes, { at, count }, width) {
  const numbers = width === 2 ? new Uint16Array(count) : new Uint32Array(count);
  for (let place = 0, last = 0; place < count; place++) {
    let folded = 0;
    for (let byte = 0; byte < width; byte++) folded |= bytes[at + byte * count + place] << (8 * byte);
    last += (folded >>> 1) ^ -(folded & 1);
    last = width === 2 ? last & 0xffff : last >>> 0;
    numbers[place] = last;
  }
  return numbers;
}

// Coordinates x, y, z of one place after another, in the frame of the scene.
function coordinates(bytes, packed, frame) {
  const numbers = differencesUndone(bytes, packed, 2), count = packed.count / 3;
  const places = new Float32Array(3 * count);
  for (let axis = 0; axis < 3; axis++) {
    const low = (packed.low[axis] - frame.center[axis]) / frame.radius, step = packed.step / frame.radius;
    for (let place = 0; place < count; place++) places[3 * place + axis] = low + step * numbers[axis * count + place];
  }
  return places;
}

function slice(bytes, { at, count }) {
  return bytes.subarray(at, at + count);
}

// Normals of the vertices, weighted by area, as shorts.
function vertexNormals(places, faces) {
  const sums = new Float32Array(places.length), normals = new Int16Array((places.length / 3) * 4);
  for (let corner = 0; corner < faces.length; corner += 3) {
    const a = 3 * faces[corner], b = 3 * faces[corner + 1], c = 3 * faces[corner + 2];
    const ux = places[b] - places[a], uy = places[b + 1] - places[a + 1], uz = places[b + 2] - places[a + 2];
    const vx = places[c] - places[a], vy = places[c + 1] - places[a + 1], vz = places[c + 2] - places[a + 2];
    const x = uy * vz - uz * vy, y = uz * vx - ux * vz, z = ux * vy - uy * vx;
    for (const at of [a, b, c]) {
      sums[at] += x;
      sums[at + 1] += y;
      sums[at + 2] += z;
    }
  }
  for (let at = 0, to = 0; at < sums.length; at += 3, to += 4) {
    const length = Math.hypot(sums[at], sums[at + 1], sums[at + 2]) || 1;
    for (let axis = 0; axis < 3; axis++) normals[to + axis] = Math.round((32767 * sums[at + axis]) / length);
  }
  return normals;
}
