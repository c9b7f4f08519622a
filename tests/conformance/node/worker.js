/** A thread that uses handles of another one: see handles.js. */
import { parentPort, workerData } from 'node:worker_threads';
import { Cipher, Router } from 'doors-caddy';

const [cipher, router] = [Cipher.shared(workerData.cipher), Router.shared(workerData.router)];
const address = `10.0.0.${workerData.last}`;
let wrong = 0;
for (let i = 0; i < 500; i += 1) {
    if (router.decide(`/~/${cipher.encode(address)}/s/1`).address !== address) wrong += 1;
}
parentPort.postMessage(wrong);
