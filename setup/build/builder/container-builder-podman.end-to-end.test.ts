/** Builds in containers of Podman. */
import { testBuilds } from './container-builder.testing.ts';

await testBuilds('podman');
