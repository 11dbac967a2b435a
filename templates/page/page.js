"use strict";
(() => {
  const all = (selector, where = document) => [...where.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const bar = one("bar"), find = one("find"), zone = one("zone"), node = one("node"), unwell = one("unwell");
  const folds = all("details"), asItWas = folds.map((fold) => fold.open);
  const has = (list, name) => !name || (list || "").split(" ").includes(name);
  const isUnwell = (state) => !["ok", "plain"].includes(state);

  const wanted = () => ({
    words: find.value.toLowerCase().split(/\s+/).filter(Boolean),
    zone: zone.value,
    node: node.value,
    unwell: Boolean(unwell && unwell.checked),
  });
  const matches = (data, asked) =>
    asked.words.every((word) => data.text.includes(word)) && has(data.nodes, asked.node) && (!asked.unwell || isUnwell(data.state));

  const filterZone = (element, asked) => {
    const data = element.dataset, rows = all(".vnet", element);
    const isThere = !asked.zone || data.zone === asked.zone;
    const words = asked.words.filter((word) => !data.text.includes(word));
    let shown = 0;
    for (const row of rows) {
      row.hidden = !(isThere && matches(row.dataset, { ...asked, words }));
      shown += row.hidden ? 0 : 1;
    }
    element.hidden = !(isThere && (shown > 0 || matches(data, asked)));
    return shown;
  };

  const filterItem = (element, asked) => {
    const data = element.dataset;
    element.hidden = !(matches(data, asked) && (data.zones === undefined || has(data.zones, asked.zone)));
  };

  const apply = () => {
    const asked = wanted();
    const isAsked = asked.words.length > 0 || asked.zone || asked.node || asked.unwell;
    let shown = 0;
    for (const element of all(".zone")) shown += filterZone(element, asked);
    for (const element of all(".item:not(.vnet)")) filterItem(element, asked);
    folds.forEach((fold, at) => {
      if (!fold.classList.contains("zone")) return;
      fold.open = isAsked ? !fold.hidden : asItWas[at];
    });
    for (const line of all(".nothing")) {
      line.hidden = all(".zone, .item", line.parentElement).some((element) => !element.hidden);
    }
    // What was found comes first: a picture cannot be filtered.
    if (one("picture")) one("picture").hidden = Boolean(isAsked);
    const total = all(".vnet").length;
    one("count").textContent = isAsked ? `${shown} of ${total} VNets` : `${total} VNets`;
  };

  const fold = (isOpen) => {
    for (const element of folds) element.open = isOpen;
  };

  for (const field of [find, zone, node, unwell]) if (field) field.addEventListener("input", apply);
  bar.addEventListener("submit", (event) => event.preventDefault());
  one("fold").addEventListener("click", () => fold(false));
  one("unfold").addEventListener("click", () => fold(true));
  document.addEventListener("keydown", (event) => {
    const isTyping = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      find.focus();
    } else if (event.key === "Escape" && event.target === find && find.value) {
      find.value = "";
      apply();
    }
  });
  const full = one("full");
  if (full) {
    full.hidden = false;
    full.addEventListener("click", () => {
      const isFull = document.querySelector(".picture").classList.toggle("full");
      full.setAttribute("aria-pressed", String(isFull));
    });
  }
  const age = one("age"), OLD = 30;
  const ago = (minutes) => {
    if (minutes < 120) return `${minutes} min ago`;
    return minutes < 2880 ? `${Math.floor(minutes / 60)} h ago` : `${Math.floor(minutes / 1440)} days ago`;
  };
  const tellAge = () => {
    const minutes = Math.floor((Date.now() - Date.parse(age.dataset.made)) / 60000), isOld = minutes >= OLD;
    const text = isOld ? `! Looked at ${ago(minutes)}: it may be otherwise by now.` : `Looked at ${ago(minutes)}.`;
    if (age.textContent !== text) age.textContent = text;
    age.classList.toggle("old", isOld);
    age.hidden = minutes < 1;
  };
  if (age) {
    tellAge();
    setInterval(tellAge, 10000);
  }
  bar.hidden = false;
  apply();
})();
