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
  const passes = (data, asked) => has(data.nodes, asked.node) && (!asked.unwell || isUnwell(data.state));
  const matches = (data, asked) => asked.words.every((word) => data.text.includes(word)) && passes(data, asked);

  // What is said of its zone and its nodes finds a VNet only beside a word of its own: all VNets have them.
  const isFound = (data, zoneData, words) => {
    const own = `${data.text} ${zoneData.zone.toLowerCase()}`, shared = `${zoneData.text} ${data.nodes.toLowerCase()}`;
    const isOwn = (word) => own.includes(word);
    return words.every((word) => isOwn(word) || shared.includes(word)) && (words.length === 0 || words.some(isOwn));
  };

  const opened = new Set();
  const showGuests = (row, words) => {
    const fold = row.querySelector("details");
    if (!fold) return;
    const isNamed = (guest) => words.some((word) => guest.dataset.text.includes(word));
    const isWanted = !row.hidden && all(".guest", fold).some(isNamed);
    if (isWanted && !fold.open) {
      fold.open = true;
      opened.add(fold);
    } else if (!isWanted && opened.delete(fold)) {
      fold.open = false;
    }
  };

  const filterZone = (element, asked) => {
    const data = element.dataset, rows = all(".vnet", element);
    const isThere = !asked.zone || data.zone === asked.zone;
    const isShown = (row) => isThere && isFound(row.dataset, data, asked.words) && passes(row.dataset, asked);
    const shown = new Set(rows.filter(isShown));
    // Found by itself it has all its VNets, and is folded: they are not what was looked for.
    const isItself = isThere && shown.size === 0 && matches(data, asked);
    for (const row of rows) {
      row.hidden = !(shown.has(row) || (isItself && passes(row.dataset, asked)));
      showGuests(row, asked.words);
    }
    element.hidden = !(shown.size > 0 || isItself);
    element.dataset.open = String(shown.size > 0 || asked.words.length === 0);
    return shown.size;
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
      fold.open = isAsked ? fold.dataset.open === "true" : asItWas[at];
    });
    for (const line of all(".nothing")) {
      line.hidden = all(".zone, .item", line.parentElement).some((element) => !element.hidden);
    }
    // What was found comes first: a picture cannot be filtered, nor can lines.
    if (one("picture")) one("picture").hidden = Boolean(isAsked);
    for (const part of all(".part")) {
      part.hidden = Boolean(isAsked) && all(".item", part).every((element) => element.hidden);
      for (const lines of all("pre", part)) lines.hidden = Boolean(isAsked);
    }
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
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...folded, ...folds.filter((element) => !element.open)];
    fold(true);
  });
  window.addEventListener("afterprint", () => {
    for (const element of folded) element.open = false;
    folded = [];
  });
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
