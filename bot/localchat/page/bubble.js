// One message as a list item: bubble, files, reply, keyboard. An edit rebuilds the item in place.

import { el, rich, snippet } from "./text.js";

const TEXT_FILE = /\.(txt|md|log|json|toml|csv|py|sh|diff|patch|ya?ml|xml|html|css|js|sql|ini|cfg)$/i;
const PREVIEW_BYTES_MAX = 64 * 1024;
const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
const fullDate = new Intl.DateTimeFormat([], { dateStyle: "full", timeStyle: "medium" });

export function build(message, act, open) {
  const bubble = el("div", { class: "bubble" }, reply(message, act), ...files(message, act), body(message, act, open));
  const item = el("li", { class: message.mine ? "in" : "out", tabindex: "-1" });
  item.append(el("div", { class: "line" }, bubble, tools(message, act)));
  const keyboard = keys(message, act);
  if (keyboard) item.append(keyboard);
  item.classList.toggle("pending", Boolean(message.pending));
  item.classList.toggle("emoji", onlyEmoji(message));
  item.dataset.id = message.message_id;
  item.message = message;
  return item;
}

function onlyEmoji(message) {
  const text = message.text || "";
  return !message.entities && text.length <= 12 && /^(\p{Extended_Pictographic}[\u{1F3FB}-\u{1F3FF}\u200d\ufe0f]*)+$/u.test(text);
}

function reply(message, act) {
  const original = message.reply_to_message;
  if (!original) return null;
  const name = act.nameOf(original);
  return el(
    "button",
    { type: "button", class: "quote", "aria-label": `In reply to ${name}`, onclick: () => act.jump(original.message_id) },
    el("strong", {}, name),
    el("span", {}, snippet(original)),
  );
}

function body(message, act, open) {
  const text = message.text ?? message.caption ?? "";
  const content = el("div", { class: "text" });
  if (text) content.append(rich(text, message.entities || message.caption_entities, act, open));
  content.append(meta(message));
  return content;
}

function meta(message) {
  const when = new Date(message.date * 1000);
  const title = fullDate.format(when) + (message.edit_date ? `\nEdited ${fullDate.format(message.edit_date * 1000)}` : "");
  const node = el("span", { class: "meta", title });
  const reaction = message.prompt?.reaction;
  if (reaction) node.append(el("span", { class: "reaction", "aria-label": `Reaction ${reaction}` }, reaction));
  if (message.prompt?.silent) node.append(el("span", { class: "silent", role: "img", "aria-label": "Sent silently" }));
  if (message.edit_date) node.append(el("span", {}, "edited"));
  node.append(el("time", { datetime: when.toISOString() }, clock.format(when)));
  if (!message.mine) {
    const [state, label] = message.pending
      ? ["waiting", "Sending"]
      : message.fetched ? ["fetched", "Received by the bot"] : ["sent", "Sent"];
    node.append(el("span", { class: `ticks ${state}`, role: "img", "aria-label": label, title: label }));
  }
  return node;
}

function files(message, act) {
  const found = [];
  if (message.photo) {
    const photo = message.photo[message.photo.length - 1];
    const address = `/page/files/${encodeURIComponent(photo.file_id)}`;
    const picture = el("img", { src: `${address}?inline`, alt: "Photo", width: photo.width, height: photo.height });
    found.push(el("a", { class: "photo", href: address, download: true, title: "Download" }, picture));
  }
  if (message.document) found.push(...card(message.document, act));
  return found;
}

function card(file, act) {
  const address = file.file_id ? `/page/files/${encodeURIComponent(file.file_id)}` : null;
  const extension = (/\.([^.]{1,5})$/.exec(file.file_name)?.[1] || "file").toLowerCase();
  const name = el("span", { class: "file-name" }, file.file_name);
  const size = el("span", { class: "file-size" }, bytes(file.file_size));
  const icon = el("span", { class: "file-icon", "aria-hidden": "true" }, extension);
  const label = `Download ${file.file_name}, ${bytes(file.file_size)}`;
  const main = el(address ? "a" : "div", { class: "file", href: address, download: address && file.file_name, "aria-label": label });
  main.append(icon, el("span", { class: "file-about" }, name, size));
  if (!address || !TEXT_FILE.test(file.file_name) || file.file_size > PREVIEW_BYTES_MAX) return [main];
  const toggle = el("button", { type: "button", class: "peek", "aria-expanded": "false" }, "Preview");
  const place = el("div", { class: "preview", hidden: true });
  toggle.addEventListener("click", async () => {
    if (!place.hasChildNodes()) {
      const response = await fetch(address);
      const content = response.ok ? await response.text() : "This file is gone.";
      place.append(el("pre", { tabindex: "0" }, content));
    }
    act.keepView(() => {
      place.hidden = !place.hidden;
      toggle.setAttribute("aria-expanded", String(!place.hidden));
      toggle.textContent = place.hidden ? "Preview" : "Hide preview";
    });
  });
  return [main, toggle, place];
}

export function bytes(count) {
  if (count < 1000) return `${count} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(1)} KB`;
  return `${(count / 1e6).toFixed(1)} MB`;
}

function tools(message, act) {
  const tool = (kind, label, onclick) => el("button", { type: "button", class: `tool ${kind}`, "aria-label": label, title: label, onclick });
  const box = el("div", { class: "tools" });
  if (message.pending) return box;
  box.append(tool("reply", "Reply", () => act.replyTo(message)));
  if (!message.mine && message.text) box.append(tool("edit", "Edit", () => act.edit(message)));
  const text = message.text || message.caption;
  if (text) box.append(tool("copy", "Copy text", () => act.copy(text)));
  return box;
}

function keys(message, act) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  const box = el("div", { class: "keys", role: "group", "aria-label": "Buttons" });
  for (const row of rows) box.append(el("div", { class: "row" }, ...row.map((button) => key(message, button, act))));
  return box;
}

function key(message, button, act) {
  const kind = `key ${button.style || ""}`;
  const text = el("span", { class: "key-text" }, button.text);
  if (button.url) {
    const safe = /^https?:/i.test(button.url) ? button.url : null;
    return el("a", { class: `${kind} link`, href: safe, target: "_blank", rel: "noopener noreferrer" }, text);
  }
  if (button.copy_text) {
    return el("button", { type: "button", class: `${kind} copies`, onclick: () => act.copy(button.copy_text.text) }, text);
  }
  const busy = act.isBusy(message.message_id, button.callback_data);
  return el(
    "button",
    {
      type: "button",
      class: busy ? `${kind} busy` : kind,
      "aria-busy": busy ? "true" : null,
      disabled: Boolean(button.disabled) || button.callback_data === undefined,
      "data-press": button.callback_data,
      onclick: () => act.press(message.message_id, button.callback_data),
    },
    text,
  );
}
