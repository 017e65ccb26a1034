// What the person wrote and the server has not confirmed yet. It survives a reload, and every message carries a key of its
// own, so that sending it once more after a broken connection never makes a second one.

import { post, Refused, upload } from "./wire.js";

const PLACE = "localchat outbox";
const PAUSE_MS_MAX = 5000;

export class Outbox {
  constructor(on) {
    this.on = on;
    this.waiting = JSON.parse(localStorage.getItem(PLACE) || "[]");
    this.files = new Map();
    this.busy = false;
    this.pause = 500;
  }

  keep() {
    const kept = this.waiting.filter((letter) => !this.files.has(letter.once) && !letter.original?.has_protected_content);
    localStorage.setItem(PLACE, JSON.stringify(kept));
  }

  add(letter, file) {
    const once = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const full = { ...letter, once, date: Math.floor(Date.now() / 1000) };
    if (file) this.files.set(once, file);
    this.waiting.push(full);
    this.keep();
    this.on.waiting(full, file);
    this.flush();
  }

  // The server has it: it came back with its key.
  settle(once) {
    const before = this.waiting.length;
    this.waiting = this.waiting.filter((letter) => letter.once !== once);
    if (this.waiting.length === before) return;
    this.files.delete(once);
    this.keep();
    this.on.settled(once);
  }

  async flush() {
    if (this.busy) return;
    this.busy = true;
    while (this.waiting.length) {
      const letter = this.waiting[0];
      try {
        await this.send(letter);
        this.pause = 500;
        this.settle(letter.once);
      } catch (error) {
        if (error instanceof Refused) {
          this.settle(letter.once);
          this.on.refused(letter, error.message);
        } else {
          await new Promise((resolve) => setTimeout(resolve, this.pause));
          this.pause = Math.min(this.pause * 1.6, PAUSE_MS_MAX);
        }
      }
    }
    this.busy = false;
  }

  send(letter) {
    const { text, reply_to, once } = letter;
    const file = this.files.get(once);
    if (file) return upload("/page/upload", { file, caption: text, reply_to, once });
    return post("/page/say", { text, reply_to, once });
  }
}
