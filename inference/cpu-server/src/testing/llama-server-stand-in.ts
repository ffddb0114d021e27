// Stands in for llama-server in tests: the same flags, the same two addresses, and answers that the prompt asks for. No model is in it.
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

const option = (name: string): string => process.argv[process.argv.indexOf(name) + 1] ?? '';
const model = option('--model');

if (existsSync(model) && readFileSync(model, 'utf8').startsWith('bad')) {
  process.stderr.write(`llama_model_load: error loading model: ${model}: invalid magic\n`);
  process.exit(1);
}
const loadedText = readFileSync(model, 'utf8').trim();
let closedByCaller = 0;

const event = (content: string, rest: object) =>
  `data: ${JSON.stringify({ index: 0, content, stop: false, tokens_predicted: 0, tokens_evaluated: 7, ...rest })}\n\n`;
const refuse = (response: ServerResponse, error: { readonly code: number; readonly [detail: string]: unknown }) =>
  response.writeHead(error.code, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));

/** What is answered, by what the prompt begins with. */
function answer(body: { readonly prompt: string }, response: ServerResponse): void {
  const [wish = '', rest = ''] = body.prompt.split(/:(.*)/s);
  if (wish === 'too long') {
    const message = 'the request exceeds the available context size';
    return void refuse(response, { code: 400, message, type: 'exceed_context_size_error', n_prompt_tokens: 5_001, n_ctx: 2_048 });
  }
  if (wish === 'refuse') return void refuse(response, { code: 400, message: rest, type: 'invalid_request_error' });
  if (wish === 'die') process.exit(3);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if (wish === 'fail') return void response.end(`error: ${JSON.stringify({ code: 500, message: rest, type: 'server_error' })}\n\n`);
  if (wish === 'break off') return void response.end(event('half', { tokens_predicted: 1 }));
  if (wish === 'hang') {
    response.on('close', () => (closedByCaller += 1));
    return void response.write(event('one', { tokens_predicted: 1 }));
  }
  const said: Readonly<Record<string, string>> = {
    'which model': loadedText,
    'how many left': String(closedByCaller),
    'what was asked': JSON.stringify(body),
    'which flags': JSON.stringify(process.argv.slice(2)),
  };
  const pieces = said[wish]?.split(/(?=\|)/) ?? rest.split('|');
  pieces.forEach((piece, index) => response.write(event(piece, { tokens_predicted: index + 1 })));
  const stopType = wish === 'cut' ? 'limit' : 'eos';
  response.end(event('', { stop: true, stop_type: stopType, tokens_predicted: pieces.length + 1 }));
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/health') return void response.writeHead(200).end('{"status":"ok"}');
  if (request.headers.authorization !== `Bearer ${process.env['LLAMA_API_KEY'] ?? ''}`) {
    return void refuse(response, { code: 401, message: 'Invalid API Key' });
  }
  let text = '';
  for await (const piece of request.setEncoding('utf8')) text += String(piece);
  answer(JSON.parse(text) as { prompt: string }, response);
}

createServer((request, response) => void serve(request, response)).listen(option('--host'));
