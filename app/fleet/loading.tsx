import { Loading } from '@/components/fleet/fleet-view';

export default Loading;
