// The composer: a text that grows, a draft that stays, replying, editing, and the menu of commands behind "/".

import { el, snippet, typed } from "./text.js";

const DRAFT = "localchat draft";
const UNITS_MAX = 4096;

export class Composer {
  // on: send(text, replyTo), change(id, text), attach(file, caption, replyTo), lastOwn(), jump(id), nameOf(message)
  constructor(on) {
    this.on = on;
    this.commands = [];
    this.context = null;
    this.chosen = -1;
    for (const id of ["composer", "text", "send", "attach", "file", "menu", "context"]) this[id + "Box"] = byId(id);
    this.textBox.value = localStorage.getItem(DRAFT) || "";
    this.composerBox.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.textBox.addEventListener("input", () => this.changed());
    this.textBox.addEventListener("keydown", (event) => this.key(event));
    this.textBox.addEventListener("blur", () => setTimeout(() => this.showMenu([]), 150));
    this.textBox.addEventListener("paste", (event) => this.take(event, event.clipboardData));
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => this.take(event, event.dataTransfer));
    this.attachBox.addEventListener("click", () => this.fileBox.click());
    this.fileBox.addEventListener("change", () => {
      for (const file of this.fileBox.files) this.attach(file);
      this.fileBox.value = "";
    });
    byId("context-close").addEventListener("click", () => this.leave());
    byId("context-jump").addEventListener("click", () => this.context && this.on.jump(this.context.message.message_id));
    this.changed();
  }

  changed() {
    const text = this.textBox.value;
    this.grow();
    this.sendBox.disabled = !text.trim();
    if (this.context?.kind !== "edit" && !this.context?.message.has_protected_content) localStorage.setItem(DRAFT, text);
    this.suggest();
  }

  grow() {
    this.textBox.style.height = "auto";
    this.textBox.style.height = `${this.textBox.scrollHeight}px`;
  }

  fill(text) {
    this.textBox.value = text;
    this.changed();
    this.textBox.focus();
    this.textBox.setSelectionRange(text.length, text.length);
  }

  submit() {
    const text = this.textBox.value.trim();
    if (!text) return;
    const { kind, message } = this.context || {};
    if (kind === "edit") this.on.change(message.message_id, text);
    else for (const piece of pieces(text)) this.on.send(piece, kind === "reply" ? message : undefined);
    this.leave(true);
    this.fill("");
  }

  take(event, transfer) {
    const files = [...(transfer?.files || [])];
    if (!files.length) return;
    event.preventDefault();
    for (const file of files) this.attach(file);
  }

  attach(file) {
    const caption = this.context?.kind === "edit" ? "" : this.textBox.value.trim().slice(0, 1024);
    this.on.attach(file, caption, this.context?.kind === "reply" ? this.context.message : undefined);
    if (caption) this.fill("");
    if (this.context?.kind === "reply") this.leave();
  }

  // Replying and editing.

  replyTo(message, placeholder) {
    if (this.context?.kind === "edit") this.leave();
    this.enter({ kind: "reply", message }, `Reply to ${this.on.nameOf(message)}`);
    this.textBox.placeholder = placeholder || "Message";
    this.textBox.focus();
  }

  edit(message) {
    this.enter({ kind: "edit", message }, "Edit message");
    this.fill(typed(message.text, message.entities));
  }

  enter(context, title) {
    this.context = context;
    this.contextBox.hidden = false;
    this.contextBox.className = context.kind;
    byId("context-title").textContent = title;
    byId("context-text").textContent = snippet(context.message);
  }

  leave(sent = false) {
    const edited = this.context?.kind === "edit";
    this.context = null;
    this.contextBox.hidden = true;
    this.textBox.placeholder = "Message";
    if (edited && !sent) this.fill(localStorage.getItem(DRAFT) || "");
  }

  // Keys and the menu of commands.

  key(event) {
    if (event.isComposing) return;
    if (!this.menuBox.hidden && this.menuKey(event)) {
      event.preventDefault();
      return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Escape" && this.context) {
      this.leave();
    } else if (event.key === "ArrowUp" && !this.textBox.value && !this.context) {
      const own = this.on.lastOwn();
      if (!own) return;
      event.preventDefault();
      this.edit(own);
    }
  }

  menuKey(event) {
    const count = this.menuBox.children.length;
    switch (event.key) {
      case "ArrowDown":
        this.choose((this.chosen + 1) % count);
        return true;
      case "ArrowUp":
        this.choose((this.chosen - 1 + count) % count);
        return true;
      case "Tab":
        if (event.shiftKey) return false;
        this.complete(this.menuBox.children[this.chosen].dataset.command);
        return true;
      case "Enter": {
        const command = this.menuBox.children[this.chosen].dataset.command;
        // A command written out in full is sent; half of one is completed first.
        if (event.shiftKey || this.textBox.value === `/${command}`) return false;
        this.complete(command);
        return true;
      }
      case "Escape":
        this.showMenu([]);
        return true;
      default:
        return false;
    }
  }

  suggest() {
    const start = /^\/([a-z0-9_]*)$/i.exec(this.textBox.value);
    const wanted = start?.[1].toLowerCase();
    this.showMenu(start ? this.commands.filter((each) => each.command.startsWith(wanted)) : []);
  }

  showMenu(found) {
    this.menuBox.replaceChildren(
      ...found.map((each, index) =>
        el(
          "li",
          {
            id: `command-${index}`,
            role: "option",
            "data-command": each.command,
            onpointerdown: (event) => event.preventDefault(),
            onclick: () => this.complete(each.command),
          },
          el("strong", {}, `/${each.command}`),
          el("span", {}, each.description),
        ),
      ),
    );
    this.menuBox.hidden = !found.length;
    this.textBox.setAttribute("aria-expanded", String(Boolean(found.length)));
    this.choose(found.length ? 0 : -1);
  }

  choose(index) {
    this.chosen = index;
    [...this.menuBox.children].forEach((item, at) => {
      item.setAttribute("aria-selected", String(at === index));
      if (at === index) item.scrollIntoView({ block: "nearest" });
    });
    if (index < 0) this.textBox.removeAttribute("aria-activedescendant");
    else this.textBox.setAttribute("aria-activedescendant", `command-${index}`);
  }

  complete(command) {
    this.fill(`/${command} `);
  }
}

function byId(id) {
  return document.getElementById(id);
}

// A long text goes out in several messages, cut at a line where there is one.
function pieces(text) {
  const out = [];
  let rest = text;
  while (rest.length > UNITS_MAX) {
    const line = rest.lastIndexOf("\n", UNITS_MAX);
    let cut = line > UNITS_MAX / 2 ? line : UNITS_MAX;
    if (/[\uD800-\uDBFF]/.test(rest[cut - 1])) cut -= 1;
    out.push(rest.slice(0, cut));
    rest = rest.slice(cut).trimStart();
  }
  return [...out, rest].filter((piece) => piece.trim());
}
