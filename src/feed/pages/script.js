(() => {
  "use strict";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const said = document.getElementById("said");
  const { base, root } = document.documentElement.dataset;
  const here = new URL(root, location).href;
  let timer;
  const say = (text) => {
    said.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => (said.textContent = ""), 4000);
  };
  const fallback = (text) => {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    return copied;
  };
  const copy = async (text, button) => {
    let copied = false;
    try {
      await navigator.clipboard.writeText(text);
      copied = true;
    } catch {
      copied = fallback(text);
      button.focus();
    }
    button.classList.toggle("done", copied);
    setTimeout(() => button.classList.remove("done"), 4000);
    say(copied ? `Copied: ${text}` : `Copy this address: ${text}`);
  };
  for (const link of all("a[data-feed]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(document.createElement("i"));
    const wide = link.closest(".how");
    if (wide) button.append("Copy");
    button.setAttribute("aria-label", `Copy the address: ${link.dataset.feed || link.getAttribute("aria-label")}`);
    button.title = "Copy the address";
    button.addEventListener("click", () => copy(base + link.href.slice(here.length), button));
    if (wide) link.closest("td").nextElementSibling.append(button);
    else link.after(button);
  }

  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") target.open = true;
  };
  addEventListener("hashchange", open);
  open();

  const field = document.getElementById("filter");
  if (!field) return;
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const groups = all("main section").map((section) => {
    const parts = all("[data-part]", section).map((part) => ({
      part,
      was: null,
      rows: all("tbody tr", part).map((row) => ({ row, text: fold(`${section.dataset.title} ${part.dataset.part} ${row.cells[0].textContent}`) })),
    }));
    return { section, parts };
  });
  const count = document.getElementById("count");
  const total = all("main tbody tr").length;
  const filter = () => {
    const words = fold(field.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { section, parts } of groups) {
      let ofSection = 0;
      for (const one of parts) {
        let ofPart = 0;
        for (const { row, text } of one.rows) {
          row.hidden = !words.every((word) => text.includes(word));
          if (!row.hidden) ofPart += 1;
        }
        one.part.hidden = ofPart === 0;
        if (words.length && one.was === null) one.was = one.part.open ?? false;
        if (words.length) one.part.open = true;
        else if (one.was !== null) {
          one.part.open = one.was;
          one.was = null;
        }
        ofSection += ofPart;
      }
      section.hidden = ofSection === 0;
      shown += ofSection;
    }
    count.textContent = words.length ? `${shown} of ${total} feeds` : `${total} feeds`;
  };
  field.closest("[hidden]").hidden = false;
  field.addEventListener("input", filter);
  filter();
})();
