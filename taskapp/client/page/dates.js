// Due dates as people read them: by the clock of this device.
import { texts } from "./texts.js";

const DAY = 86_400_000;
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const pad = (number) => String(number).padStart(2, "0");
const short = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const long = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const weekday = new Intl.DateTimeFormat("en", { weekday: "long" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** A day as `2026-02-01`, so many days from today. */
export function dayFromNow(days = 0) {
  const now = new Date();
  return isoDay(new Date(now.getFullYear(), now.getMonth(), now.getDate() + days));
}

function isoDay(date) {
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

const parts = new Map();
/** Day, time (or null) and moment of a due date, which may be a date, a local time or an instant. */
export function dueParts(text) {
  if (!text) return null;
  let found = parts.get(text);
  if (!found) {
    const onlyDay = text.length === 10;
    const date = new Date(onlyDay ? `${text}T00:00` : text);
    const time = onlyDay ? null : clock.format(date);
    // A day is over at its end, a time when it has come.
    const moment = date.getTime() + (onlyDay ? DAY : 0);
    found = { day: onlyDay ? text : isoDay(date), time, moment, start: date.getTime() };
    if (parts.size > 20_000) parts.clear();
    parts.set(text, found);
  }
  return found;
}

export function isOverdue(task, now = Date.now()) {
  return !task.completed && task.due_date !== null && dueParts(task.due_date).moment <= now;
}

/** `Today`, `Tuesday`, `3 Feb`, with the time where there is one. */
export function dueText(text) {
  const { day, time } = dueParts(text);
  return time ? `${dayText(day)} ${time}` : dayText(day);
}

export function dayText(day) {
  const date = new Date(`${day}T00:00`);
  const away = Math.round((date - new Date(`${dayFromNow()}T00:00`)) / DAY);
  if (away === 0) return texts.today;
  if (away === 1) return texts.tomorrow;
  if (away === -1) return texts.yesterday;
  if (away > 1 && away < 7) return weekday.format(date);
  return (date.getFullYear() === new Date().getFullYear() ? short : long).format(date);
}

export function whenText(instant) {
  const date = new Date(instant);
  return `${dayText(isoDay(date))} ${clock.format(date)}`;
}

/** The heading under which a task stands where dates give the order. */
export function dueGroup(task, now) {
  if (!task.due_date) return texts.noDate;
  if (isOverdue(task, now)) return texts.overdue;
  const { day } = dueParts(task.due_date);
  if (day === dayFromNow()) return texts.today;
  if (day === dayFromNow(1)) return texts.tomorrow;
  return day < dayFromNow(8) ? texts.thisWeek : texts.later;
}

/** The day that a word means: `today`, `friday`, `2026-02-01`; null where it means none. */
export function dayOf(word) {
  const text = word.toLowerCase();
  if (text === "today") return dayFromNow();
  if (text === "tomorrow") return dayFromNow(1);
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return Number.isNaN(Date.parse(text)) ? null : text;
  const number = text.length < 3 ? -1 : WEEKDAYS.findIndex((name) => name === text || name.slice(0, 3) === text);
  if (number < 0) return null;
  return dayFromNow(((number - new Date().getDay() + 6) % 7) + 1);
}
