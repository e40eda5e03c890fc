// Swagger UI for this server's routes. validatorUrl: null disables validation on an external server.
globalThis.SwaggerUIBundle({ url: "openapi.json", dom_id: "#routes", deepLinking: true, validatorUrl: null });
