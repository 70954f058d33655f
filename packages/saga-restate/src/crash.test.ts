import { describeCrashes } from '@baton/saga/testing/crash-suite';
import { createClusterHost } from './testing/cluster-host.ts';

describeCrashes('of a cluster', createClusterHost, { every: 1, histories: 100 });
