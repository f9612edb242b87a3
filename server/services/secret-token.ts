import { createHash, randomBytes } from 'node:crypto';

/** 32 random bytes as base64url (43 characters): for invites and CLI tokens. */
export const mintSecret = (): string => randomBytes(32).toString('base64url');

/** What is stored of a secret: SHA-256, hex. A secret of 256 random bits needs no salt and no slow hash. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');
