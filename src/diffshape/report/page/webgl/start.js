"use strict";
// Every scene of the page, begun when it comes into view. Until one is drawn, or if it cannot be, its picture stays.

const RESULT_COLOR = [0.3, 0.47, 0.68];
const POINT_COLOR = [0.8, 0.5, 0.2];
const OTHER_COLORS = [[0.62, 0.56, 0.44], [0.3, 0.55, 0.38], [0.55, 0.38, 0.6], [0.62, 0.42, 0.3]];

function paletteOf(colors) {
  return new Float32Array(colors.flatMap((color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255)));
}

class LiveScene {
  constructor(figure, manifest, bytes) {
    Object.assign(this, { figure, manifest, bytes, camera: new Camera(), ready: new Map() });
    this.canvas = figure.querySelector("canvas");
    this.bars = figure.querySelector(".scene-bars");
    this.states = manifest.layers.map((layer) => ({
      layer,
      shown: layer.shown,
      choice: layer.colors ? "own" : "",
      color: this.plainColor(layer),
    }));
    this.step = manifest.steps.length;
    this.drawing = new Drawing(this.canvas);
  }

  plainColor(layer) {
    const surfaces = this.manifest.layers.filter(({ kind }) => kind === "surface");
    if (layer.kind === "points") return POINT_COLOR;
    return layer === surfaces.at(-1) ? RESULT_COLOR : OTHER_COLORS[surfaces.indexOf(layer) % OTHER_COLORS.length];
  }

  // The layer that takes the place of another at the chosen step.
  at(layer) {
    const step = this.manifest.steps[this.step];
    return step && step.layer.name === layer.name ? step.layer : layer;
  }

  buffersOf(layer) {
    if (!this.ready.has(layer)) {
      const places = coordinates(this.bytes, layer.places, this.manifest.frame);
      const faces = layer.kind === "surface" ? differencesUndone(this.bytes, layer.faces, 4) : null;
      const buffers = this.drawing.upload(places, faces);
      if (layer.colors) this.drawing.paint(buffers, 3, slice(this.bytes, layer.colors), 3);
      this.ready.set(layer, buffers);
    }
    return this.ready.get(layer);
  }

  // What to draw of a layer now, and the colouring that is chosen, if it has it.
  drawn(state) {
    const layer = this.at(state.layer), buffers = this.buffersOf(layer);
    const coloring = layer.colorings.find(({ name }) => state.choice === `number ${name}`);
    if (coloring && buffers.number !== coloring) {
      this.drawing.paint(buffers, 2, slice(this.bytes, coloring), 1);
      buffers.number = coloring;
    }
    const mode = coloring ? 1 : state.choice === "own" && layer.colors ? 2 : 0;
    const stops = paletteOf(this.manifest.palettes[coloring ? coloring.palette : "viridis"]);
    return { kind: layer.kind, buffers, mode, stops, color: state.color, coloring, name: layer.name };
  }

  draw() {
    this.waiting = false;
    const layers = this.states.filter(({ shown }) => shown).map((state) => this.drawn(state));
    this.drawing.draw(layers, this.camera, this.manifest.up);
    const scales = layers.filter(({ coloring }) => coloring);
    this.bars.replaceChildren(
      ...scales.map(({ name, coloring }) => colorBar(name, coloring, this.manifest.palettes[coloring.palette])),
    );
    this.canvas.dataset.pictures = +(this.canvas.dataset.pictures ?? 0) + 1;
  }

  later() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => this.draw());
  }

  begin() {
    const later = () => this.later(), controls = this.figure.querySelector(".scene-controls");
    controls.append(...this.states.map((state) => layerControl(state, later)));
    const reset = node("button", { type: "button" }, "Reset view");
    reset.addEventListener("click", () => {
      this.camera.reset();
      later();
    });
    controls.append(reset);
    if (this.manifest.steps.length) {
      const steps = this.manifest.steps.map(({ step }) => step);
      controls.append(timeControl(steps, (place) => ((this.step = place), later())));
    }
    for (const part of this.figure.querySelectorAll(".scene-live")) part.hidden = false;
    this.figure.querySelector(".scene-picture")?.setAttribute("hidden", "");
    steer(this.canvas, this.camera, later);
    this.canvas.addEventListener("webglcontextlost", () => fall(this.figure, "the graphics card was taken away"));
    new ResizeObserver(later).observe(this.canvas);
    this.draw();
  }
}

// Back to the picture, with the reason.
function fall(figure, reason) {
  for (const part of figure.querySelectorAll(".scene-live")) part.hidden = true;
  figure.querySelector(".scene-picture")?.removeAttribute("hidden");
  figure.querySelector(".scene-failure").textContent = `A picture, as the shape cannot be turned here: ${reason}.`;
}

async function begin(figure) {
  try {
    const manifest = JSON.parse(figure.querySelector(".scene-manifest").textContent);
    const bytes = await inflated(figure.querySelector(".scene-arrays").textContent.trim());
    new LiveScene(figure, manifest, bytes).begin();
  } catch (error) {
    fall(figure, error.message);
  }
}

const inView = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      inView.unobserve(target);
      begin(target);
    }
  },
  { rootMargin: "200px" },
);
for (const figure of document.querySelectorAll("figure.scene")) inView.observe(figure);
