# What the machines of setup/stack/qemu-argv.ts have, and those of the physical testbed's tests (disk-machine.testing.ts).
CONFIG_Q35=y
CONFIG_VTD=y
CONFIG_PCIE_PORT=y
CONFIG_HPET=y
CONFIG_SERIAL_ISA=y
CONFIG_IGB_PCI_EXPRESS=y
# igb is built of parts of e1000e, and its Kconfig does not say so.
CONFIG_E1000E_PCI_EXPRESS=y
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_BLK=y
CONFIG_VIRTIO_NET=y
CONFIG_VIRTIO_RNG=y
CONFIG_VIRTIO_SERIAL=y
