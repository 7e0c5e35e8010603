"use strict";
// A camera on a ball around the scene, turned by mouse, fingers and keys. Matrices are columns, as WebGL has them.

const FIELD_OF_VIEW = 0.5;
const FIRST_VIEW = { azimuth: 0.61, elevation: 0.35, distance: 0.9, target: [0, 0, 0] };
// Rows that turn the coordinates of the files so that y points up, by the axis that points up in them.
const UPRIGHT = { y: [0, 1, 2], z: [1, 2, 0], x: [2, 0, 1] };

class Camera {
  constructor() {
    this.reset();
  }
  reset() {
    Object.assign(this, structuredClone(FIRST_VIEW));
  }
  turn(right, up) {
    this.azimuth -= right;
    this.elevation = Math.max(-1.55, Math.min(1.55, this.elevation + up));
  }
  zoom(factor) {
    this.distance = Math.max(0.05, Math.min(8, this.distance * factor));
  }
  axes() {
    const [sa, ca, se, ce] = [Math.sin(this.azimuth), Math.cos(this.azimuth), Math.sin(this.elevation), Math.cos(this.elevation)];
    return { right: [ca, 0, -sa], up: [-sa * se, ce, -ca * se], back: [sa * ce, se, ca * ce] };
  }
  // Moves what is looked at, by shares of the height of the picture.
  pan(right, up) {
    const axes = this.axes(), size = 2 * this.reach(1) * Math.tan(FIELD_OF_VIEW / 2);
    for (let axis = 0; axis < 3; axis++) {
      this.target[axis] -= size * (right * axes.right[axis] + up * axes.up[axis]);
    }
  }
  // Distance of the eye, so that a ball of radius 1 fits the narrower side.
  reach(aspect) {
    return this.distance / Math.sin(FIELD_OF_VIEW / 2) / Math.min(1, aspect);
  }
  // From the frame of the scene to the eye, and from there to the screen.
  matrices(aspect, up) {
    const { right, up: above, back } = this.axes(), rows = [right, above, back];
    const order = UPRIGHT[up.at(-1)], sign = up.startsWith("-") ? [1, -1, -1] : [1, 1, 1];
    const distance = this.reach(aspect), near = Math.max(distance - 3, distance / 100), far = distance + 3;
    const view = new Float32Array(16), lens = new Float32Array(16);
    rows.forEach((row, line) => {
      order.forEach((from, axis) => (view[4 * from + line] = row[axis] * sign[axis]));
      view[12 + line] = -row.reduce((sum, part, axis) => sum + part * this.target[axis], 0) - (line === 2 ? distance : 0);
    });
    view[15] = 1;
    const height = 1 / Math.tan(FIELD_OF_VIEW / 2);
    lens[0] = height / aspect;
    lens[5] = height;
    lens[10] = (far + near) / (near - far);
    lens[11] = -1;
    lens[14] = (2 * far * near) / (near - far);
    return { view, lens };
  }
}

const TURN_PER_KEY = 0.12;
const KEYS = {
  ArrowLeft: (camera) => camera.turn(-TURN_PER_KEY, 0),
  ArrowRight: (camera) => camera.turn(TURN_PER_KEY, 0),
  ArrowUp: (camera) => camera.turn(0, -TURN_PER_KEY),
  ArrowDown: (camera) => camera.turn(0, TURN_PER_KEY),
  "+": (camera) => camera.zoom(0.87),
  "=": (camera) => camera.zoom(0.87),
  "-": (camera) => camera.zoom(1.15),
  0: (camera) => camera.reset(),
};

// Lets mouse, fingers and keys on a canvas move a camera; `moved` is called after each change.
function steer(canvas, camera, moved) {
  const fingers = new Map();
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, length: Math.hypot(a.x - b.x, a.y - b.y) || 1 };
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const pair = fingers.size === 2 ? spread() : null, height = canvas.clientHeight;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const right = event.clientX - before.x, down = event.clientY - before.y;
    if (pair) {
      const now = spread();
      camera.zoom(pair.length / now.length);
      camera.pan((now.x - pair.x) / height, (pair.y - now.y) / height);
    } else if (event.shiftKey || event.buttons & 6) {
      camera.pan(right / height, -down / height);
    } else if (fingers.size === 1) {
      camera.turn((3 * right) / height, (3 * down) / height);
    }
    moved();
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => fingers.delete(event.pointerId));
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (document.activeElement !== canvas) return; // else the page could not be scrolled past it
      event.preventDefault();
      camera.zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 400));
      moved();
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", (event) => {
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(camera);
    moved();
  });
  canvas.addEventListener("dblclick", () => {
    camera.reset();
    moved();
  });
}
