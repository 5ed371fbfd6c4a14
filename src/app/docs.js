// Swagger UI as /docs opens it.

// What stands in the filter's box is looked for without case, in tags, paths and summaries; every word must be there.
// Swagger UI itself compares it with tags alone, and with case.
const isFound = (phrase, ...texts) => {
  const text = texts.join(" ").toLowerCase();
  return phrase.toLowerCase().split(/\s+/).every((word) => text.includes(word));
};
const ofTag = (phrase) => (tagged, tag) => tagged.update("operations", (operations) =>
  operations.filter((one) => isFound(phrase, tag, one.get("path"), one.getIn(["operation", "summary"], ""))));
const Finding = () => ({
  fn: {
    opsFilter: (tags, phrase) =>
      tags.map(ofTag(phrase)).filter((tagged) => tagged.get("operations").size > 0),
  },
  statePlugins: {
    spec: {
      wrapSelectors: {
        // The webhooks, which the filter passes over.
        selectWebhooksOperations: (original, system) => (...given) => {
          const [webhooks, phrase] = [original(...given), system.layoutSelectors.currentFilter()];
          if (!webhooks || typeof phrase !== "string") return webhooks;
          return Object.fromEntries(Object.entries(webhooks).filter(([name, operations]) =>
            operations.some((one) => isFound(phrase, "webhooks", name, one.operation.get("summary") ?? ""))));
        },
      },
    },
  },
});

window.onload = () => {
  window.ui = SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#swagger-ui",
    layout: "BaseLayout",
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [Finding],
    deepLinking: true,
    docExpansion: "none",
    filter: true,
    defaultModelsExpandDepth: 0,
    tryItOutEnabled: true,
    // A credential that was typed in stays in the browser only where nothing is worth one.
    persistAuthorization: {{is_sandbox}},
  });
};
