/** Builds in containers of Docker. */
import { testBuilds } from './container-builder.testing.ts';

await testBuilds('dockerd');
