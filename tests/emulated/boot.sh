#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# boot.sh MACHINE SECONDS DISABLED COMMANDS FILE...: boots a machine with AVX-512 in the
# emulator Bochs and runs each line of COMMANDS there. The FILEs lie in /programs, which
# is on the path. Fails unless all commands ran and succeeded within SECONDS. DISABLED is
# a list of CPU features that the kernel does not enable, each after a comma. MACHINE is
# a directory; MACHINE/packages has an unpacked kernel and busybox.
set -eu
machine=$1 seconds=$2 disabled=$3 commands=$4
shift 4
here=$(cd "$(dirname "$0")" && pwd)
root=$machine/root
rm -rf "$root" "$machine/disk" "$machine/serial" "$machine/serial.txt"
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/programs" "$machine/disk"
cp "$machine/packages/bin/busybox" "$root/bin/"
cp "$here/init" "$root/init"
chmod +x "$root/init"
cp "$@" "$root/programs/"
cp "$commands" "$root/commands"

# The initial disk is not compressed: decompression is slow in the emulator.
cd "$machine"
(cd root && find . | cpio --quiet -o -H newc) >disk/initrd
cp packages/boot/vmlinuz-* disk/vmlinuz
cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 disk/

# Bochs gives sizes for XSAVES and XSAVEC that the kernel takes for an error: it would
# switch AVX off. The other arguments save time.
arguments="console=ttyS0 quiet clearcpuid=xsaves,xsavec$disabled nokaslr \
mitigations=off random.trust_cpu=on lpj=1000000 cryptomgr.notests"
cat >disk/isolinux.cfg <<END
default linux
prompt 0
label linux
  kernel vmlinuz
  append initrd=initrd $arguments
END
genisoimage -quiet -o disk.iso -b isolinux.bin -c boot.cat -no-emul-boot -boot-load-size 4 \
  -boot-info-table disk

cat >bochsrc <<END
cpu: model=corei7_skylake_x, count=1, ips=50000000
memory: guest=512, host=512
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/vgabios/vgabios.bin
ata0-master: type=cdrom, path=disk.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=serial
display_library: rfb, options="timeout=0"
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
speaker: enabled=0
clock: sync=none
panic: action=fatal
log: bochs.log
END
echo c >debugger # Debian's Bochs begins in its debugger: continue
timeout "$seconds" bochs -q -f bochsrc -rc debugger </dev/null >bochs.out 2>&1 || true
if [ -e serial ]; then tr -d '\r' <serial | tee serial.txt; else cat bochs.out; fi
grep -aqsxF "guest: $(wc -l <root/commands) commands, 0 failed" serial.txt
