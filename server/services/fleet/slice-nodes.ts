/** Ids of the nodes that hold a live sliver of the slice: what the map points out. */
export { sliceNodeIds } from '@/server/data/node-detail';
