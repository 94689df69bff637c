import { randomInt } from 'node:crypto';

/** Without those that people take for one another, and without signs: some firmware hands passwords through a shell. */
const letters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** Random letters and digits, 5.8 bits each, with at least one capital, one small letter and one digit, as some firmware demands. */
export const newPassword = (length: number): string => {
  for (;;) {
    const password = Array.from({ length }, () => letters.charAt(randomInt(letters.length))).join('');
    if (/[a-z]/.test(password) && /[A-Z]/.test(password) && /[2-9]/.test(password)) return password;
  }
};
