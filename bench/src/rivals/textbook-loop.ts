/** The textbook's loop: axios with its defaults, and nothing kept. */
import axios from 'axios';
import { type Open, type StepName, steps } from './contestant.ts';

export const callPlainly = (url: string, step: StepName, orderId: string) =>
  axios.post(`${url}/${step}`, { orderId });

export const openTextbook: Open = async ({ participantsUrl }) => ({
  version: `axios ${axios.VERSION}`,
  async place(id) {
    for (const step of steps) await callPlainly(participantsUrl, step, id);
  },
});
