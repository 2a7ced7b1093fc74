/** The Containerfile with Podman. */
import { testContainerfile } from './containerfile.testing.ts';

await testContainerfile('podman');
