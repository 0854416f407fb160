// Writes what follows from the OpenAPI document: `node generate.mjs openapi.json [folder]`.
// schema.d.ts has the types of what goes over the wire, operations.js the table of operations.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const [source, folder = new URL("src", import.meta.url).pathname] = process.argv.slice(2);
const document = JSON.parse(await readFile(source, "utf8"));
const HEADER = "// Written by generate.mjs from the OpenAPI document: `make client-types`.\n";

const schema = astToString(await openapiTS(document));
await writeFile(`${folder}/schema.d.ts`, HEADER + schema);

const METHODS = ["get", "post", "put", "patch", "delete"];
const lines = [];
for (const [path, item] of Object.entries(document.paths)) {
  for (const method of METHODS.filter((each) => item[each])) {
    lines.push(`  ${item[method].operationId}: ${written(about(method, path, item))},`);
  }
}
await writeFile(
  `${folder}/operations.js`,
  `${HEADER}export const OPERATIONS = /** @type {const} */ ({\n${lines.sort().join("\n")}\n});\n`,
);

/** The object as one would write it. */
function written(object) {
  const members = Object.entries(object).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `{ ${members.join(", ")} }`.replaceAll('","', '", "');
}

function about(method, path, item) {
  const operation = item[method];
  const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
  const named = (place) => parameters.filter((each) => each.in === place).map((each) => each.name);
  const body = fields(operation.requestBody);
  const clash = body.find((name) => path.includes(`{${name}}`) || named("query").includes(name));
  if (clash) throw new Error(`${operation.operationId}: ${clash} is a parameter and a field`);
  return {
    method: method.toUpperCase(),
    // The token says whose tasks they are, where there is an address without the user's id.
    path: path.endsWith("/export") ? path : path.replace("/api/{user_id}/tasks", "/api/tasks"),
    ...(named("query").length && { query: named("query").join(" ") }),
    ...(operation.requestBody?.content["text/csv"] && { file: true }),
    ...(named("header").includes("Idempotency-Key") && { keyed: true }),
    ...(named("header").includes("X-CSRF-Protection") && { csrf: true }),
    ...(operation.security?.every((each) => !Object.keys(each).length) && { open: true }),
  };
}

function fields(requestBody) {
  const { $ref } = requestBody?.content["application/json"]?.schema ?? {};
  const found = $ref && document.components.schemas[$ref.split("/").at(-1)];
  return Object.keys(found?.properties ?? {});
}
