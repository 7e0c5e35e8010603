"use strict";
// Tables of columns are sorted by a click on a heading: numbers as numbers, words as words, what is not known last.
(() => {
  const words = new Intl.Collator(undefined, { numeric: true });
  const text = (row, column) => row.cells[column].textContent.trim();
  const isKnown = (word) => word !== "" && word !== "-" && word !== "failed";
  const number = (word) => Number(word.replaceAll(",", ""));
  const holdsNumbers = (rows, column) => {
    const known = rows.map((row) => text(row, column)).filter(isKnown);
    return known.length > 0 && known.every((word) => Number.isFinite(number(word)));
  };

  function sort(table, heading, column) {
    const sign = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const rows = [...table.tBodies[0].rows];
    const compare = holdsNumbers(rows, column) ? (a, b) => number(a) - number(b) : words.compare;
    rows.sort((a, b) => {
      const [one, other] = [text(a, column), text(b, column)];
      return isKnown(one) && isKnown(other) ? sign * compare(one, other) : isKnown(other) - isKnown(one);
    });
    table.tBodies[0].append(...rows);
    for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
  }

  for (const table of document.querySelectorAll("table.columns")) {
    const rows = [...table.tBodies[0].rows];
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      if (holdsNumbers(rows, column)) for (const row of table.rows) row.cells[column].classList.add("number");
      if (rows.length < 2 || heading.textContent.trim() === "") return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sort(table, heading, column));
    });
  }
})();
