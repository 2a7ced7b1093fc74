/** The Containerfile with Docker. */
import { testContainerfile } from './containerfile.testing.ts';

await testContainerfile('dockerd');
