// Starts Swagger UI on the description of the API. The validator is a service of others, and stays off.
SwaggerUIBundle({ url: '/api/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null });
