import { createHash, randomBytes, randomUUID, scryptSync, timingSafeEqual } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Account, accountOf } from './accounts.ts';

/** Somebody whom the provider knows. Claims beyond name and address are those of demo accounts. */
export type KnownAccount = {
  readonly subject: string;
  readonly email: string;
  readonly name: string;
  readonly granted?: Account;
};

const invited = z.object({
  subject: z.string(),
  name: z.string(),
  salt: z.string(),
  passwordHash: z.string(),
  mustChange: z.boolean(),
});
const accountsFile = z.object({
  invited: z.record(z.string(), invited),
  /** Also demo accounts can be disabled and deleted. */
  disabled: z.array(z.string()),
  deleted: z.array(z.string()),
});
type AccountsFile = z.infer<typeof accountsFile>;

const hashed = (password: string) => {
  const salt = randomBytes(16).toString('hex');
  return { salt, passwordHash: hashOf(password, salt) };
};
const hashOf = (password: string, salt: string) => scryptSync(password, salt, 32).toString('hex');
const digest = (text: string) => createHash('sha256').update(text).digest();

export type AccountStore = ReturnType<typeof openAccounts>;

/** The accounts of the local user pool: those of the demo, and who was invited, kept in a file of mode 0600. */
export const openAccounts = (stateDir: string) => {
  const file = join(stateDir, 'accounts.json');
  const outbox = join(stateDir, 'outbox');
  const state: AccountsFile = existsSync(file)
    ? accountsFile.parse(JSON.parse(readFileSync(file, 'utf8')))
    : { invited: {}, disabled: [], deleted: [] };
  const save = () => {
    writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  const demo = (email: string) => (state.deleted.includes(email) ? undefined : accountOf(email));
  const find = (email: string): KnownAccount | undefined => {
    const granted = demo(email);
    if (granted) return { subject: email, email, name: granted.name, granted };
    const own = state.invited[email];
    return own && { subject: own.subject, email, name: own.name };
  };
  /** Writes the letter that Cognito would send by e-mail; answers its path. */
  const sendInvitation = (email: string, temporaryPassword: string) => {
    mkdirSync(outbox, { recursive: true });
    const path = join(outbox, `${Date.now()}-${randomUUID().slice(0, 8)}.txt`);
    const text = `To: ${email}\nSubject: Your HashInsight account\n\nSign in with this address and the temporary password ${temporaryPassword}\n`;
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const newTemporary = () => `${randomBytes(9).toString('base64url')}aA1!`;
  return {
    find,
    findBySubject: (subject: string) =>
      find(subject) ??
      Object.entries(state.invited)
        .filter(([, one]) => one.subject === subject)
        .map(([email]) => find(email))[0],
    isEnabled: (email: string) => find(email) !== undefined && !state.disabled.includes(email),
    mustChange: (email: string) => state.invited[email]?.mustChange === true,
    isPassword: (email: string, password: string) => {
      const own = state.invited[email];
      if (own) return timingSafeEqual(Buffer.from(hashOf(password, own.salt)), Buffer.from(own.passwordHash));
      const expected = demo(email)?.password;
      return expected !== undefined && timingSafeEqual(digest(password), digest(expected));
    },
    setPassword: (email: string, password: string) => {
      const own = state.invited[email];
      if (!own) return;
      state.invited[email] = { ...own, ...hashed(password), mustChange: false };
      save();
    },
    /** Answers where the letter lies. */
    create: (email: string, name: string) => {
      const temporary = newTemporary();
      state.invited[email] = { subject: randomUUID(), name, ...hashed(temporary), mustChange: true };
      state.disabled = state.disabled.filter((one) => one !== email);
      save();
      return sendInvitation(email, temporary);
    },
    resend: (email: string) => {
      const temporary = newTemporary();
      const own = state.invited[email];
      if (own) state.invited[email] = { ...own, ...hashed(temporary) };
      save();
      return sendInvitation(email, temporary);
    },
    disable: (email: string) => {
      if (!state.disabled.includes(email)) state.disabled.push(email);
      save();
    },
    enable: (email: string) => {
      state.disabled = state.disabled.filter((one) => one !== email);
      save();
    },
    remove: (email: string) => {
      if (demo(email)) state.deleted.push(email);
      delete state.invited[email];
      save();
    },
  };
};
