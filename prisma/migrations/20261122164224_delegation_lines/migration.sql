-- A node has one line of delegations to each grantee, named after it: its roots take each other's place, for ever.
UPDATE "Delegation" SET line = "granteeJkt" WHERE "parentId" IS NULL AND line <> "granteeJkt";
