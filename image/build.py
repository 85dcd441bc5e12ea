# SPDX-License-Identifier: BSD-2-Clause
# The initial image: what other folders gave by image_file(), the shared libraries, and the /etc skeleton.

mkimage = use("libtwz", "mkimage")
entries = {place: source for place, source in image_files()}
for library in installed_libraries():
    entries.setdefault("/lib/" + library.split("/")[-1], library)
for name in ("libgcc_s.so.1", "libstdc++.so.6", "libatomic.so.1"):
    entries.setdefault("/lib/" + name, f"{SYSROOT}/lib/{name}")
for source in glob("etc/**/*", root="//sysroot"):
    entries.setdefault(source.removeprefix("//sysroot"), source[2:])

lines = ["dir /tmp 1777", "dir /dev 755", "dir /dev/shm 1777", "dir /dev/mqueue 1777", "link /var /store/var", *image_links()]
sources = []
for place, source in sorted(entries.items()):
    if source.startswith("build/"):
        # Debug information stays on the host.
        source = generate(f"root{place}", f"rm -f $out && ({PREFIX}strip -g -o $out $in 2>/dev/null || cp $in $out)", [source])
    sources.append(source if source.startswith("build/") else "//" + source)
    mode = "0755" if place.startswith(("/bin/", "/lib/")) else "0644"
    lines.append(f"file {place} {mode} {source}")
manifest = write_file("manifest", "\n".join(lines) + "\n")

if mkimage and "/bin/init" in entries:
    image = generate("initial.img", f"{mkimage} -o $out --init /bin/init --manifest $in", [manifest], needs=[mkimage, *sources])
    install(image, "share/twizzler/initial.img")
