// Text with entities as DOM nodes. Offsets are UTF-16 units, which is how JavaScript counts anyway.
// Message text only ever becomes a text node.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const PLAIN = { bold: "strong", italic: "em", underline: "u", strikethrough: "s" };
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

// `act` has command(text) and copy(text); `open` is a set of the blocks and spoilers that are open, by their number.
export function rich(text, entities, act, open) {
  const sorted = [...(entities || [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return part(text, 0, text.length, sorted, { act, open, count: 0 });
}

function part(text, from, to, entities, context) {
  const out = document.createDocumentFragment();
  let at = from;
  for (let index = 0; index < entities.length; ) {
    const entity = entities[index];
    const end = Math.min(entity.offset + entity.length, to);
    let next = index + 1;
    while (next < entities.length && entities[next].offset < end) next += 1;
    if (entity.offset < at) {
      index += 1;
      continue;
    }
    out.append(text.slice(at, entity.offset));
    const inner = () => part(text, entity.offset, end, entities.slice(index + 1, next), context);
    out.append(wrap(entity, text.slice(entity.offset, end), inner, context));
    at = end;
    // A block ends its line by itself; the line break after it would show as an empty line.
    if (BLOCKS.has(entity.type) && text[at] === "\n" && at < to) at += 1;
    index = next;
  }
  out.append(text.slice(at, to));
  return out;
}

function wrap(entity, raw, inner, context) {
  const { act } = context;
  switch (entity.type) {
    case "code":
      return el("code", { title: "Copy", onclick: () => act.copy(raw) }, raw);
    case "pre":
      return pre(raw, entity.language, act);
    case "blockquote":
      return el("blockquote", {}, inner());
    case "expandable_blockquote":
      return folded(inner(), context);
    case "spoiler":
      return spoiler(inner(), context);
    case "text_link":
      return link(entity.url, inner(), entity.url);
    case "url":
      return link(/^[a-z]+:\/\//i.test(raw) ? raw : `https://${raw}`, inner());
    case "email":
      return link(`mailto:${raw}`, inner());
    case "bot_command":
      return el("button", { type: "button", class: "command", onclick: () => act.command(raw) }, raw);
    case "date_time":
      return el("time", { title: new Date(entity.unix_time * 1000).toLocaleString() }, inner());
    case "mention":
    case "hashtag":
    case "cashtag":
      return el("span", { class: "tag" }, inner());
    default:
      return el(PLAIN[entity.type] || "span", {}, inner());
  }
}

function link(address, content, title) {
  if (!/^(https?|mailto|tg):/i.test(address)) return el("span", {}, content);
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer", title }, content);
}

function pre(raw, language, act) {
  const copy = el("button", { type: "button", class: "copy", "aria-label": "Copy code", onclick: () => act.copy(raw) });
  const bar = el("span", { class: "pre-bar" }, el("span", {}, language || ""), copy);
  return el("div", { class: "pre" }, bar, el("pre", { tabindex: "0" }, el("code", {}, raw)));
}

function folded(content, context) {
  const number = context.count++;
  const quote = el("blockquote", { class: "foldable" }, el("div", { class: "fold" }, content));
  const button = el("button", { type: "button", class: "unfold" });
  const show = (open) => {
    quote.classList.toggle("open", open);
    button.setAttribute("aria-expanded", String(open));
    button.setAttribute("aria-label", open ? "Show less" : "Show more");
    if (open) context.open.add(number);
    else context.open.delete(number);
  };
  button.addEventListener("click", () => show(!quote.classList.contains("open")));
  show(context.open.has(number));
  quote.append(button);
  return quote;
}

function spoiler(content, context) {
  const number = context.count++;
  const node = el("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Hidden text, show" }, content);
  const reveal = () => {
    context.open.add(number);
    node.classList.add("open");
    for (const name of ["role", "tabindex", "aria-label"]) node.removeAttribute(name);
  };
  node.addEventListener("click", reveal);
  node.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      reveal();
    }
  });
  if (context.open.has(number)) reveal();
  return node;
}

// The text as its writer typed it, for editing: the marks that became entities come back.
const MARKS = { code: "`", bold: "**", italic: "__", strikethrough: "~~", spoiler: "||" };
export function typed(text, entities) {
  let out = text;
  for (const entity of [...(entities || [])].sort((a, b) => b.offset - a.offset)) {
    const end = entity.offset + entity.length;
    const head = entity.type === "pre" ? `\`\`\`${entity.language || ""}\n` : MARKS[entity.type];
    const tail = entity.type === "pre" ? "\n```" : MARKS[entity.type];
    if (head) out = out.slice(0, entity.offset) + head + out.slice(entity.offset, end) + tail + out.slice(end);
  }
  return out;
}

export function snippet(message) {
  const text = (message.text || message.caption || "").replace(/\s+/g, " ").trim();
  if (text) return text.slice(0, 160);
  if (message.document) return message.document.file_name;
  return message.photo ? "Photo" : "Message";
}
