/** `/docs`: every service's contract in Swagger UI, served from here and from nowhere else. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { serviceContracts } from '@baton/contracts';
import express, { type RequestHandler, Router } from 'express';
import { type OpenApiDocument, toOpenApi } from './openapi.ts';

/** Found, not imported: its main module runs the whole page's script. */
const assetsDir = dirname(
  createRequire(import.meta.url).resolve('swagger-ui-dist/swagger-ui-bundle.js'),
);
const assetNames = ['swagger-ui.css', 'swagger-ui-bundle.js', 'swagger-ui-standalone-preset.js'];

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Baton: contracts</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/swagger-ui-standalone-preset.js"></script>
<script src="/docs/initializer.js"></script>
</body>
</html>
`;

/** The other services are other origins, which the policy closes: only ours can be tried out. */
const toInitializer = (tryable: string): string => `const tryOnlyOurs = () => ({
  statePlugins: { spec: { wrapSelectors: { allowTryItOutFor: (_allow, system) => () =>
    system.specSelectors.specJson().getIn(['info', 'title']) === ${JSON.stringify(tryable)} } } },
});
SwaggerUIBundle({
  dom_id: '#swagger-ui',
  urls: ${JSON.stringify([...serviceContracts.keys()].map((name) => ({ name, url: `/docs/contracts/${name}.json` })))},
  validatorUrl: null,
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  plugins: [tryOnlyOurs],
  layout: 'StandaloneLayout',
});
`;

const sendText =
  (type: string, text: string): RequestHandler =>
  (_request, response) =>
    void response.type(type).send(text);

/** To be used at the root, as its paths are absolute. */
export function createDocsRouter(tryable = 'orchestrator'): Router {
  const router = Router();
  router.use('/docs', (_request, response, next) => {
    response.setHeader('content-security-policy', policy);
    next();
  });
  router.get('/docs', sendText('html', page));
  router.get('/docs/initializer.js', sendText('js', toInitializer(tryable)));
  // Made on request: together they would slow every start.
  const documents = new Map<string, OpenApiDocument>();
  for (const [name, operations] of serviceContracts) {
    router.get(`/docs/contracts/${name}.json`, (_request, response) => {
      const document = documents.get(name) ?? toOpenApi(name, operations);
      documents.set(name, document);
      response.json(document);
    });
  }
  const assets = express.static(assetsDir, { index: false, redirect: false });
  router.use('/docs', (request, response, next) =>
    assetNames.includes(request.path.slice(1)) ? assets(request, response, next) : next(),
  );
  return router;
}
