# shellcheck shell=bash
# Guard what is typed in an interactive bash or zsh: copy these lines into ~/.bashrc or ~/.zshrc.
# Scripts, xargs and absolute paths pass by; links catch more (docs/guide.md), and only the line hook sees what mv, cp,
# dd, find or a redirection would do (docs/shell.md).

for name in \
    barman barman-cloud-backup-delete barman-cloud-restore blkdiscard btrfs cfdisk cgdisk cryptsetup dmsetup dropdb \
    fdisk fsfreeze gdisk halt hdparm init initdb kexec losetup lvchange lvconvert lvm lvreduce lvremove lvresize \
    mdadm mke2fs mkfs mkfs.bfs mkfs.btrfs mkfs.cramfs mkfs.exfat mkfs.ext2 mkfs.ext3 mkfs.ext4 mkfs.f2fs mkfs.fat \
    mkfs.gfs2 mkfs.jfs mkfs.minix mkfs.msdos mkfs.nilfs2 mkfs.ntfs mkfs.ocfs2 mkfs.reiserfs mkfs.udf mkfs.vfat \
    mkfs.xfs mkswap nvme parted patronictl pg_archivecleanup pg_autoctl pg_backupcluster pg_basebackup pg_checksums \
    pg_combinebackup pg_createcluster pg_createsubscriber pg_ctl pg_ctlcluster pg_dropcluster pg_renamecluster \
    pg_resetwal pg_restorecluster pg_rewind pg_upgrade pg_upgradecluster pgbackrest postgres postmaster poweroff \
    pvcreate pvremove reboot repmgr rm sfdisk sgdisk shutdown telinit umount vgcfgrestore vgchange vgreduce vgremove \
    wal-g wipefs zfs zpool; do
    # shellcheck disable=SC2139 # this name, now
    alias "$name=guardsh run -- $name"
done
unset name

# The blank at the end: the word after sudo is looked up as an alias, too. guardsh must be where sudo looks.
alias sudo='sudo '
