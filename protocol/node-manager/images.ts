import { z } from 'zod';

/** What a node says of the images that its slivers can be made of. */

export const MAX_IMAGES = 100;
export const MAX_IMAGE_PROBLEMS = 20;

/** As a resource vector names it. */
export const ImageName = z.string().regex(/^[a-z0-9][a-z0-9._:-]{0,127}$/);
/** Why an image that the node should have is not on offer. */
export const ImageProblem = z.object({
  image: z.string().max(128),
  problem: z
    .string()
    .max(500)
    .refine((text) => !text.includes('\0') && text.isWellFormed(), 'holds NUL or half a surrogate pair'),
});

/** What every node had before nodes said which images they have. */
export const IMAGES_UNSAID = ['tiny'];
