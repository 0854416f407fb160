// Reads a calendar from standard input by ical.js, and prints what it has understood as JSON.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf8")));
for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);

const times = (event) => {
  const found = [];
  const iterator = event.iterator();
  for (let next; found.length < 3 && (next = iterator.next()); ) found.push(next.toString());
  return found;
};
const events = calendar.getAllSubcomponents("vevent").map((part) => {
  const event = new ICAL.Event(part);
  return {
    summary: event.summary,
    description: event.description,
    uid: event.uid,
    start: event.startDate.toString(),
    end: event.endDate.toString(),
    day: event.startDate.isDate,
    instant: event.startDate.toJSDate().toISOString(),
    zone: event.startDate.zone.tzid,
    status: part.getFirstPropertyValue("status"),
    categories: part.getFirstProperty("categories")?.getValues() ?? [],
    times: event.isRecurring() ? times(event) : [],
  };
});
const todos = calendar.getAllSubcomponents("vtodo").map((part) => ({
  summary: part.getFirstPropertyValue("summary"),
  status: part.getFirstPropertyValue("status"),
  completed: part.getFirstPropertyValue("completed")?.toString() ?? null,
}));
console.log(JSON.stringify({ version: calendar.getFirstPropertyValue("version"), events, todos }));
