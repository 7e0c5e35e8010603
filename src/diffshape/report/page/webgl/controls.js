"use strict";
// Controls of a scene: which layers are seen, in which colours, and the step of a fit.

function node(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// A box to show a layer, and a choice of its colours if it has any; `changed` is called after each change.
function layerControl(state, changed) {
  const box = node("input", { type: "checkbox", checked: state.shown });
  box.addEventListener("change", () => {
    state.shown = box.checked;
    changed();
  });
  const parts = [node("label", {}, box, state.layer.title)];
  const choices = [["", "one colour"], ...(state.layer.colors ? [["own", "its own colours"]] : [])];
  choices.push(...state.layer.colorings.map(({ name }) => [`number ${name}`, name]));
  if (choices.length > 1) {
    const list = node("select");
    list.setAttribute("aria-label", `Colour of ${state.layer.name}`);
    list.append(...choices.map(([value, text]) => node("option", { value, selected: value === state.choice }, text)));
    list.addEventListener("change", () => {
      state.choice = list.value;
      state.shown = box.checked = true;
      changed();
    });
    parts.push(list);
  }
  return node("fieldset", {}, ...parts);
}

const SECONDS_PER_STEP = 0.7;

// A slider over steps; `chosen` is called with the place among them, of which the last is the end.
function timeControl(steps, chosen) {
  const last = steps.length;
  const slider = node("input", { type: "range", min: 0, max: last, step: 1, value: last });
  const text = node("output");
  const play = node("button", { type: "button" }, "Play");
  let timer = null;
  const show = (place) => {
    slider.value = place;
    text.textContent = place < last ? `step ${steps[place].toLocaleString("en")}` : "the end";
    slider.setAttribute("aria-valuetext", text.textContent);
    chosen(place);
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  };
  slider.addEventListener("input", () => {
    stop();
    show(+slider.value);
  });
  play.addEventListener("click", () => {
    if (timer) return stop();
    play.textContent = "Stop";
    show(+slider.value === last ? 0 : +slider.value);
    timer = setInterval(() => {
      show(+slider.value + 1);
      if (+slider.value === last) stop();
    }, 1000 * SECONDS_PER_STEP);
    return undefined;
  });
  text.textContent = "the end";
  return node("fieldset", { className: "scene-time" }, node("label", {}, "Along the way", slider), text, play);
}

function tick(number) {
  return `${Number(number.toPrecision(3))}`;
}

// The scale of colours of a layer.
function colorBar(name, coloring, stops) {
  const scale = node("span", { className: "scene-scale" });
  scale.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  const unit = coloring.unit ? ` ${coloring.unit}` : "";
  const ends = node("div", {}, node("span", {}, tick(coloring.low)), node("span", {}, tick(coloring.high) + unit));
  return node("div", { className: "scene-bar" }, `${name}: ${coloring.name}`, scale, ends);
}
