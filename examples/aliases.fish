# Guard what is typed in an interactive fish: copy these lines into ~/.config/fish/config.fish.
# Scripts, xargs and absolute paths pass by; links catch more (docs/guide.md), and only the line hook sees what mv, cp,
# dd, find or a redirection would do (docs/shell.md).

set -g guarded \
    barman barman-cloud-backup-delete barman-cloud-restore blkdiscard btrfs cfdisk cgdisk cryptsetup dmsetup dropdb \
    fdisk fsfreeze gdisk halt hdparm init initdb kexec losetup lvchange lvconvert lvm lvreduce lvremove lvresize \
    mdadm mke2fs mkfs mkfs.bfs mkfs.btrfs mkfs.cramfs mkfs.exfat mkfs.ext2 mkfs.ext3 mkfs.ext4 mkfs.f2fs mkfs.fat \
    mkfs.gfs2 mkfs.jfs mkfs.minix mkfs.msdos mkfs.nilfs2 mkfs.ntfs mkfs.ocfs2 mkfs.reiserfs mkfs.udf mkfs.vfat \
    mkfs.xfs mkswap nvme parted patronictl pg_archivecleanup pg_autoctl pg_backupcluster pg_basebackup pg_checksums \
    pg_combinebackup pg_createcluster pg_createsubscriber pg_ctl pg_ctlcluster pg_dropcluster pg_renamecluster \
    pg_resetwal pg_restorecluster pg_rewind pg_upgrade pg_upgradecluster pgbackrest postgres postmaster poweroff \
    pvcreate pvremove reboot repmgr rm sfdisk sgdisk shutdown telinit umount vgcfgrestore vgchange vgreduce vgremove \
    wal-g wipefs zfs zpool

for name in $guarded
    echo "function $name --wraps $name; guardsh run -- $name \$argv; end"
end | source

# fish looks up no function after sudo. guardsh must be where sudo looks.
function sudo --wraps sudo --description 'sudo, with guardsh before the guarded commands'
    if contains -- "$argv[1]" $guarded
        command sudo guardsh run -- $argv
    else
        command sudo $argv
    end
end
