// Own words and name stand in the letter as they are typed. The server puts them there anyway.
"use strict";
(() => {
  const sheet = document.querySelector("[data-letter]");
  const body = sheet.querySelector("textarea");
  const form = body.form;
  let text = body.value;

  // Where each stands: its mark, or what the browser kept from an earlier visit.
  const { ownWords, name } = sheet.dataset;
  const parts = [["own_words", ownWords], ["name", name]].map(([key, mark]) => {
    const field = form.elements[key], kept = field.value.trim(), at = text.indexOf(mark);
    return at >= 0 || kept.length < 3
      ? { field, mark, at, size: mark.length }
      : { field, mark, at: text.lastIndexOf(kept), size: kept.length };
  });
  const put = (part, words) => {
    const { at, size } = part;
    if (at < 0) return;
    text = text.slice(0, at) + words + text.slice(at + size);
    part.size = words.length;
    for (const other of parts) if (other.at > at) other.at += words.length - size;
  };
  const show = () => {
    for (const part of parts) put(part, part.field.value.trim() || part.mark);
    if (body.value !== text) body.value = text;
  };
  // What is changed by hand moves the places after it; one that it touches is left alone.
  const follow = () => {
    const now = body.value, most = Math.min(text.length, now.length);
    let start = 0, end = 0;
    while (start < most && text[start] === now[start]) start++;
    while (end < most - start && text.at(-1 - end) === now.at(-1 - end)) end++;
    for (const part of parts) {
      if (text.length - end <= part.at) part.at += now.length - text.length;
      else if (start < part.at + part.size) part.at = -1;
    }
    text = now;
  };

  form.oninput = ({ target }) => (target === body ? follow() : show());
  form.addEventListener("formdata", ({ formData }) => {
    // The server looks for the placeholders.
    for (const part of parts) put(part, part.mark);
    formData.set("body", text);
    show();
  });
  show();

  // On a phone the letter waits until asked for, unless it is to be mended.
  const wide = matchMedia("(min-width: 60rem)");
  sheet.open = wide.matches || !!sheet.querySelector("[aria-invalid]");
  wide.onchange = () => (sheet.open ||= wide.matches);
  addEventListener("beforeprint", () => (sheet.open = true));
})();
