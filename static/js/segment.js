// How many a rule means, asked again while its fields change. Without this the Count button does it.
"use strict";
(() => {
  const form = document.querySelector("[data-count]");
  const counted = form.querySelector("[data-counted]");
  let waiting, asked;

  const count = async () => {
    asked?.abort();
    asked = new AbortController();
    const fields = new URLSearchParams(new FormData(form));
    fields.delete("name");
    counted.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${form.dataset.count}?${fields}`, { signal: asked.signal });
      // A page instead of a part of one: the session has ended, or the network has.
      if (answer.ok && !answer.redirected) counted.innerHTML = await answer.text();
      counted.removeAttribute("aria-busy");
    } catch (trouble) {
      if (trouble.name !== "AbortError") counted.removeAttribute("aria-busy");
    }
  };

  form.querySelector("[data-counts]").parentElement.hidden = true;
  form.addEventListener("input", ({ target }) => {
    if (target.name === "name" || target.name.endsWith("add")) return;
    if (form.dataset.countBy && target.name !== form.dataset.countBy) return;
    clearTimeout(waiting);
    waiting = setTimeout(count, 400);
  });
})();
