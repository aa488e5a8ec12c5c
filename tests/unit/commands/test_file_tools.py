"""What the tools that write, move and remove files are understood to do: one line for each spelling, traps first."""

from __future__ import annotations

import pytest

from tests.unit.commands.reading import intents, reading

CASES = {
    # cp
    "cp a b": "overwrite entry b ->, entry b/a ->",
    "cp -r a b/": "overwrite entry b/ ->, tree b/a ->",
    "cp a b c d/": "overwrite entry d/a ->, entry d/b ->, entry d/c ->",
    "cp -rT a b": "overwrite tree b ->",
    "cp -r a/. b": "overwrite entry b ->, tree b ->",
    "cp -t d a b": "overwrite entry d/a ->, entry d/b ->",
    "cp --parents a/b d": "overwrite entry d ->, entry d/a/b ->",
    "cp -r / d": "overwrite entry d ->, tree d ->",
    "cp x /dev/sda": "dismantle device /dev/sda ->, device /dev/sda/x ->",
    "cp x /dev/null": "nothing",
    "cp -f a b": "overwrite entry b ->, entry b/a ->",
    "cp --help": "nothing",
    "cp a": "nothing",
    "cp -r a b --new": "overwrite entry b ->, tree b/a -> ? unknown option --new",
    "cp 'a b' c": "overwrite entry c ->, entry c/a b ->",
    "cp --remove-destination a b": "overwrite entry b ->, entry b/a ->",
    # install
    "install -m 644 a b": "overwrite entry b, entry b/a",
    "install -d -m 0755 d": "configure entry d ->",
    "install -D a b/c": "overwrite entry b/c, entry b/c/a",
    "install -t d a": "overwrite entry d/a",
    "install -d /v/a /v/b": "configure entry /v/a ->, entry /v/b ->",
    # mv
    "mv a b": "delete tree a; overwrite entry b, entry b/a",
    "mv -t d a b": "delete tree a, tree b; overwrite entry d/a, entry d/b",
    "mv -T a b": "delete tree a; overwrite entry b",
    "mv a b --unheard": "delete tree a, tree b ? unknown option --unheard; "
    "overwrite entry b, entry b/a ? unknown option --unheard",
    "mv *.c d": "delete tree *.c; overwrite entry d, entry d/*.c",
    "mv a b c/": "delete tree a, tree b; overwrite entry c/a, entry c/b",
    "mv --exchange a b": "delete tree a, tree b; overwrite entry b, entry b/a",
    "mv -f a /": "delete tree a; overwrite entry /, entry /a",
    "mv a": "nothing",
    # ln
    "ln -s a b": "overwrite entry b, entry b/a",
    "ln -sfn a b": "overwrite entry b, entry b/a",
    "ln -s /x/y": "overwrite entry y",
    "ln -T a b": "overwrite entry b",
    # rmdir
    "rmdir d": "delete empty d",
    "rmdir -p a/b/c": "delete empty a/b/c, empty a/b, empty a",
    "rmdir /": "nothing",
    # unlink
    "unlink f": "delete entry f",
    # rename
    "rename s/a/b/ f g": "delete tree f, tree g",
    "rename -n s/a/b/ f": "nothing",
    "rename .a .b x.a": "delete tree .b, tree x.a",
    "rename -e s/a/b/ f": "delete tree f",
    "rename -s a b l": "delete tree b ->, tree l ->",
    "rename f -n": "nothing",
    # truncate
    "truncate -s 0 f": "overwrite entry f ->",
    "truncate --size 0 f": "overwrite entry f ->",
    # shred
    "shred -u f /dev/sdb": "overwrite entry f ->; dismantle device /dev/sdb ->",
    "shred -n 1 f": "overwrite entry f ->",
    # touch
    "touch f": "nothing",
    "touch d/standby.signal": "overwrite entry d/standby.signal ->",
    "touch -c d/standby.signal": "nothing",
    "touch recovery.signal f": "overwrite entry recovery.signal ->",
    # dd
    "dd if=/dev/zero of=/dev/sda bs=1M": "dismantle device /dev/sda ->",
    "dd if=x of=f": "overwrite entry f ->",
    "dd if=/dev/sda": "nothing",
    "dd of=a of=b": "overwrite entry b ->",
    "dd --help": "nothing",
    "dd of=/dev/shm/x": "overwrite entry /dev/shm/x ->",
    # tee
    "tee a b": "overwrite entry a ->, entry b ->",
    "tee -a f": "overwrite entry f ->",
    "tee": "nothing",
    "tee /dev/stderr": "nothing",
    "tee /dev/sda f": "overwrite entry f ->; dismantle device /dev/sda ->",
    # sponge
    "sponge f": "overwrite entry f ->",
    # sed
    "sed s/a/b/ f": "nothing",
    "sed -i s/a/b/ f g": "overwrite entry f, entry g",
    "sed -ni.bak -e s/a/b/ f": "overwrite entry f",
    "sed -n '1,$p' f": "nothing",
    "sed -i": "nothing",
    "sed --in-place=.bak -f s f": "overwrite entry f",
    "sed -Ei s/a/b/ f": "overwrite entry f",
    # perl
    "perl -pi -e 's/a/b/' f": "overwrite entry f",
    "perl -0777pi -e 's/a/b/' f": "overwrite entry f",
    "perl -lpi.bak -e 's/a/b/' f": "overwrite entry f",
    "perl -ne 'print' f": "nothing",
    "perl script.pl -i f": "nothing",
    "perl -i.bak -pe 1 f": "overwrite entry f",
    "perl -Ilib -pe 1 f": "nothing",
    # find
    "find . -name x": "nothing",
    "find . -delete": "delete tree .",
    "find /a /b -type f -name '*.log' -mtime +7 -delete": "nothing",
    "find /a -name '*.log' -o -delete": "delete tree /a",
    "find -L a -delete": "delete tree a ->, tree / ? it deletes through links, too, wherever they lead",
    "find link/ -delete": "delete tree link/ ->",
    "find a -fprint out": "overwrite entry out ->",
    "find -H a -delete": "delete tree a ->",
    "find -L . -name x -delete": "delete tree . ->, tree / ? it deletes through links, too, wherever they lead",
    "find /a -name 'x' -delete": "delete tree /a",
    "find a -not -name '*.log' -delete": "delete tree a",
    "find a '(' -name x ')' -delete": "delete tree a",
    "find a -delete -name '*.log'": "delete tree a",
    "find -O3 a -delete": "delete tree a",
    "find -D exec a -delete": "delete tree a",
    "find a -exec rm {} +": "nothing",
    "find --help -delete": "nothing",
    # rsync
    "rsync -a a b": "overwrite tree b/a ->, entry b ->",
    "rsync -a a/ b/": "overwrite tree b/ ->",
    "rsync -a --delete a/ b/": "delete tree b/ ->; overwrite tree b/ ->",
    "rsync -a --delete host:a b": "delete tree b/a ->; overwrite tree b/a ->, entry b ->",
    "rsync -a a host:b": "nothing",
    "rsync -avn --delete a/ b/": "nothing",
    "rsync -aR x/./y/z b": "overwrite tree b/y/z ->, entry b ->",
    "rsync a": "nothing",
    "rsync -a --remove-source-files a host:b": "delete tree a",
    "rsync a b c": "overwrite tree c/a ->, entry c ->, tree c/b ->, entry c ->",
    "rsync -a user@h:a/ b": "overwrite tree b ->",
    "rsync -a rsync://h/m/a b": "overwrite tree b/a ->, entry b ->",
    "rsync -aP --del a/ b": "delete tree b ->; overwrite tree b ->",
    "rsync --files-from=l a b": "overwrite tree b ->",
    "rsync -a --force a/ b/": "overwrite tree b/ ->",
    "rsync --new a b": "overwrite tree b/a ->, entry b -> ? unknown option --new",
    # chmod
    "chmod 755 f": "configure entry f ->",
    "chmod -R 755 d": "overwrite tree d ->",
    "chmod -R 700 d": "configure tree d ->",
    "chmod -R u+rwX,go-rwx d": "configure tree d ->",
    "chmod -x f": "configure entry f ->",
    "chmod -R -w d": "overwrite tree d ->",
    "chmod u+x,g-w f": "configure entry f ->",
    "chmod --reference=x f": "configure entry f ->",
    "chmod -R --preserve-root 755 /": "nothing",
    "chmod -R a+rX /": "overwrite tree / ->",
    # chown
    "chown -R postgres d": "overwrite tree d",
    "chown -R postgres: d/": "overwrite tree d/ ->",
    "chown postgres d": "configure entry d ->",
    "chown --reference=x -R d": "overwrite tree d",
    "chown -RL u d": "overwrite tree d ->, tree / ? it changes what links lead to, wherever that is",
    "chown -h u l": "configure entry l",
    # chgrp
    "chgrp -hR g d": "overwrite tree d",
    # chcon
    "chcon -t x_t f": "configure entry f ->",
    "chcon -R -t x_t d": "overwrite tree d",
    "chcon --reference x f": "configure entry f ->",
    # setfacl
    "setfacl -R -m u:x:r d": "overwrite tree d ->",
    "setfacl -m u:x:r d": "configure entry d ->",
    "setfacl --restore=acl": "overwrite tree . ->",
    "setfacl -R --test -b d": "nothing",
    "setfacl -bR d": "overwrite tree d ->",
    # restorecon
    "restorecon -Rv d": "overwrite tree d",
    "restorecon -nR d": "nothing",
    "restorecon d": "configure entry d ->",
    # tar
    "tar czf x.tgz d": "overwrite entry x.tgz ->",
    "tar xzf x.tgz": "overwrite tree . ->",
    "tar xzf x.tgz -C d": "overwrite tree d ->",
    "tar -xzf x.tgz -C d --strip-components=1": "overwrite tree d ->",
    "tar xfC x.tgz d": "overwrite tree d ->",
    "tar tf x.tgz": "nothing",
    "tar -xOf x.tgz": "nothing",
    "tar x -C d": "overwrite tree d ->",
    "tar -cf x.tar --remove-files d": "overwrite entry x.tar ->; delete tree d",
    "tar --extract --file=x.tar": "overwrite tree . ->",
    "tar -C a -xf x.tar -C b": "overwrite tree a ->, tree a/b ->",
    "tar -Pxf x.tar": "overwrite tree . ->, tree /",
    "tar -C / -xzf a.tgz": "overwrite tree / ->",
    "tar -xzf - -C d": "overwrite tree d ->",
    "tar xvzf host:a.tgz": "overwrite tree . ->",
    "tar -xf a --recursive-unlink": "overwrite tree . ->",
    "tar -rf a.tar x": "overwrite entry a.tar ->",
    "tar -df a.tar": "nothing",
    "tar --delete -f a.tar x": "overwrite entry a.tar ->",
    "tar cvf - d": "nothing",
    "tar": "nothing",
    "tar -xf a --new": "overwrite tree . -> ? ambiguous option --new",
    # unzip
    "unzip x.zip": "overwrite tree . ->",
    "unzip x -d d": "overwrite tree d ->, tree d ->",
    "unzip -od d x.zip": "overwrite tree d ->",
    "unzip -l x.zip": "nothing",
    "unzip -p x.zip a": "nothing",
    "unzip x.zip a -l": "overwrite tree . ->",  # the name of a member
    "unzip -d/d x.zip": "overwrite tree /d ->",
    "unzip -j x.zip": "overwrite tree . ->",
    "unzip '*.zip'": "overwrite tree . ->",
    "unzip": "nothing",
    "unzip -Z x": "nothing",
    # cpio
    "cpio -idmv": "overwrite tree . ->",
    "cpio -it": "nothing",
    "cpio -pd d": "overwrite tree d ->",
    "cpio -idD d": "overwrite tree d ->",
    "cpio -o -O a": "overwrite entry a ->",
    "cpio -i --absolute-filenames": "overwrite tree . ->, tree /",
    "cpio -idF a": "overwrite tree . ->",
    # 7z
    "7z x a.7z -oout": "overwrite tree out ->",
    "7z l a.7z": "nothing",
    "7z e a.zip": "overwrite tree . ->",
    "7z x a.zip -od": "overwrite tree d ->",
    "7z a b.7z c -sdel": "overwrite entry b.7z ->, entry b.7z.7z ->, tree c",
    "7z t a": "nothing",
    "7z x -so a": "nothing",
    # git
    "git clean -fdx": "delete tree . ->",
    "git clean -n": "nothing",
    "git -C a -C b clean -fd c": "delete tree a/b/c ->",
    "git status": "nothing",
    "git --no-pager clean -fd :/": "delete tree . ->",
    "git commit -m clean": "nothing",
    "git clean": "delete tree . ->",
    "git clean -fd -- a b": "delete tree a ->, tree b ->",
    "git --work-tree=/w --git-dir=/g clean -f": "delete tree /w/. ->",
    "git -C /w clean -nd": "nothing",
    "git clean -e x -f '*.o'": "delete tree . ->",
}


@pytest.mark.parametrize(("line", "expected"), CASES.items())
def test_reading(line: str, expected: str) -> None:
    assert reading(line) == expected


@pytest.mark.parametrize("name", sorted({line.split()[0] for line in CASES}))
def test_nothing_comes_of_no_words_and_of_help(name: str) -> None:
    assert reading(f"{name} --help") == "nothing" or name in ("7z", "perl", "restorecon", "sponge", "unzip")
    assert reading(name) == "nothing" or name == "cpio"


@pytest.mark.parametrize(
    ("line", "brings"),
    [
        ("cp -r a b/", ["a", "a"]),
        ("cp -rT a b", ["a"]),
        ("rsync -a a/ b/", ["a/"]),
        ("rsync -a host:a/ b/", [""]),
        ("rsync -a --force a/ b/", [""]),
        ("tar xzf a.tgz -C d", ["a.tgz"]),
        ("tar xz -C d", [""]),
        ("tar xzf host:a.tgz", [""]),
        ("tar -xf a.tar --strip-components=1", [""]),
        ("unzip a -d d", ["a", "a.zip"]),
        ("unzip -j a.zip", [""]),
        ("7z x a.zip -od", ["a.zip"]),
        ("7z x a.7z -od", [""]),
    ],
)
def test_what_arrives_is_named_where_it_can_be_known(line: str, brings: list[str]) -> None:
    """An empty name: anything may arrive."""
    given = [target.brings for intent in intents(line) for target in intent.targets if hasattr(target, "brings")]
    assert given == brings


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("cp -r a b", "cp -r would write to"),
        ("mv a b", "mv would move away"),
        ("tar xf a", "tar -x would unpack into"),
        ("chmod -R 755 d", "chmod -R would change the permissions of"),
        ("find d -delete", "find -delete would delete"),
        ("sed -i s/a/b/ f", "sed -i would edit"),
    ],
)
def test_action_reads_as_a_sentence(line: str, action: str) -> None:
    assert intents(line)[0].action == action


def test_what_lies_below_dev_counts_from_the_working_directory() -> None:
    assert reading("tee sda", cwd="/dev") == "dismantle device sda ->"
    assert reading("cp x ../dev/sda", cwd="/srv").startswith("dismantle device ../dev/sda ->")


def test_posixly_correct_ends_options_at_the_first_operand() -> None:
    assert reading("cp a b -r", POSIXLY_CORRECT="") == "overwrite entry -r/a ->, entry -r/b ->"
