SwaggerUIBundle({
  url: new URL("../openapi.json", document.currentScript.src).pathname,
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
});
