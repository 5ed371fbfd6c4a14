DROP TABLE passkey_challenges_used;
DROP TABLE passkeys;
