-- DropForeignKey
ALTER TABLE "GuestSliver" DROP CONSTRAINT "GuestSliver_nodeId_fkey";

-- DropTable
DROP TABLE "GuestSliver";

