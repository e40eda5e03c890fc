// Swagger UI over this server's own description of its routes. It checks nothing with a server elsewhere.
globalThis.SwaggerUIBundle({ url: "openapi.json", dom_id: "#routes", deepLinking: true, validatorUrl: null });
