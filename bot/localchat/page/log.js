// The conversation: items in order of their ids, day lines, groups, and a view that stays where the reader is.

import { build } from "./bubble.js";

const GROUP_S = 300;
const NEAR_PX = 80;

export class Log {
  constructor(view, list, act) {
    this.view = view;
    this.list = list;
    this.act = { ...act, keepView: (change) => this.keepView(change) };
    this.items = new Map();
    this.open = new Map();
    new ResizeObserver(() => this.following && this.toEnd()).observe(list);
    this.following = true;
    view.addEventListener("scroll", () => {
      this.following = this.atEnd();
    }, { passive: true });
  }

  get size() {
    return this.items.size;
  }

  get oldest() {
    return this.list.querySelector("li[data-id]:not(.pending)")?.message.message_id;
  }

  get newest() {
    return [...this.list.children].filter((item) => !item.classList.contains("pending")).at(-1)?.message;
  }

  message(id) {
    return this.items.get(String(id))?.message;
  }

  atEnd() {
    return this.view.scrollHeight - this.view.scrollTop - this.view.clientHeight < NEAR_PX;
  }

  toEnd(smooth = false) {
    this.following = true;
    this.view.scrollTo({ top: this.view.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  }

  // Runs a change of the page without moving what the reader looks at; at the end it follows the conversation.
  keepView(change) {
    if (this.following) {
      change();
      this.toEnd();
      return;
    }
    const top = this.view.getBoundingClientRect().top;
    const anchor = [...this.list.children].find((item) => item.getBoundingClientRect().bottom > top + 1);
    const before = anchor?.getBoundingClientRect().top;
    const id = anchor?.dataset.id;
    change();
    const after = id && this.items.get(id)?.getBoundingClientRect().top;
    if (after !== undefined && before !== undefined) this.view.scrollTop += after - before;
  }

  // Adds or replaces one message; true when it is a new one.
  put(message) {
    const id = String(message.message_id);
    if (message.deleted) {
      this.remove(id);
      return false;
    }
    const old = this.items.get(id);
    if (old && old.message.seq > message.seq) return false;
    if (!this.open.has(id)) this.open.set(id, new Set());
    const open = this.open.get(id);
    const item = build(message, this.act, open);
    this.items.set(id, item);
    if (old) this.replace(old, item);
    else this.insert(item);
    this.decorate(item);
    this.decorate(item.nextElementSibling);
    for (const fold of item.querySelectorAll(".fold")) {
      fold.parentElement.classList.toggle("short", fold.scrollHeight <= fold.clientHeight + 2 && !open.size);
    }
    return !old;
  }

  replace(old, item) {
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const scrolled = [...old.querySelectorAll("pre")].map((block) => [block.scrollLeft, block.scrollTop]);
    old.replaceWith(item);
    item.querySelectorAll("pre").forEach((block, index) => {
      [block.scrollLeft, block.scrollTop] = scrolled[index] || [0, 0];
    });
    if (!focused) return;
    const press = focused.dataset.press;
    const same = press === undefined ? null : item.querySelector(`[data-press="${CSS.escape(press)}"]`);
    (same || item).focus({ preventScroll: true });
  }

  insert(item) {
    const id = item.message.message_id;
    let after = this.list.lastElementChild;
    // Messages on their way stand below all others, in the order in which they were written.
    if (!item.message.pending) {
      while (after && (after.message.pending || after.message.message_id > id)) after = after.previousElementSibling;
    }
    if (after) after.after(item);
    else this.list.prepend(item);
  }

  remove(id) {
    const item = this.items.get(String(id));
    if (!item) return;
    const next = item.nextElementSibling;
    item.remove();
    this.items.delete(String(id));
    this.decorate(next);
  }

  // Day line and group, which depend on the message before.
  decorate(item) {
    if (!item) return;
    const before = item.previousElementSibling?.message;
    const message = item.message;
    const day = dayOf(message.date);
    const newDay = !before || dayOf(before.date) !== day;
    item.querySelector(":scope > .day")?.remove();
    if (newDay) {
      const line = document.createElement("div");
      line.className = "day";
      line.append(Object.assign(document.createElement("span"), { textContent: day }));
      item.prepend(line);
    }
    const close = before && before.mine === message.mine && message.date - before.date < GROUP_S;
    item.classList.toggle("joined", Boolean(close && !newDay && !before.reply_markup));
  }

  refresh(id) {
    const message = this.message(id);
    if (message) this.keepView(() => this.put(message));
  }

  flash(id) {
    const item = this.items.get(String(id));
    if (!item) return false;
    this.following = false;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    item.scrollIntoView({ block: "center", behavior: calm ? "instant" : "smooth" });
    item.classList.remove("flash");
    void item.offsetWidth;
    item.classList.add("flash");
    return true;
  }
}

function dayOf(seconds) {
  const date = new Date(seconds * 1000);
  const today = new Date();
  const yesterday = new Date();
  yesterday.setDate(today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  const year = date.getFullYear() === today.getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "long", year });
}
