# SPDX-License-Identifier: BSD-2-Clause
"""gdb commands and pretty-printers for the kernel: threads, views, objects, run queues, a program's symbols.

Loaded into gdb with the kernel's symbols: `source toolchain/gdb/twizzler.py`. `help twz` lists the commands.
"""

import struct

import gdb
import gdb.printing

SLOT_SHIFT = 30
RUN_STATES = ("ready", "asleep", "ended")


def value(text):
    return gdb.parse_and_eval(text)


def number(item):
    return int(item) & 0xffffffffffffffff


def string(characters):
    return characters.string(errors="replace") if characters.type.code == gdb.TYPE_CODE_ARRAY else str(characters)


def entries(head, type_name, member):
    """The structures on an intrusive list, by the address of its head."""
    kind = gdb.lookup_type(type_name)
    offset = next(field.bitpos // 8 for field in kind.fields() if field.name == member)
    node = head["next"]
    while node and node != head.address:
        yield gdb.Value(number(node) - offset).cast(kind.pointer()).dereference()
        node = node["next"]


def id_text(identity):
    return f"{number(identity['hi']):016x}{number(identity['lo']):016x}"


def cpus():
    for index in range(int(value("cpu_count"))):
        cpu = value(f"cpus[{index}]")
        if cpu:
            yield cpu.dereference()


def threads():
    """Every thread of a program and every kernel thread; the idle threads have no number."""
    table, capacity = value("'kernel/thread/number.c'::threads"), int(value("'kernel/thread/number.c'::capacity"))
    for index in range(capacity):
        if table[index]:
            yield table[index].dereference()


def objects():
    buckets, count = value("'kernel/object/table.c'::buckets"), int(value("'kernel/object/table.c'::bucket_count"))
    for index in range(count):
        item = buckets[index]
        while item:
            yield item.dereference()
            item = item["hash_next"]


def views():
    """Every view that has a control object, or a thread."""
    seen = set()
    for item in objects():
        view = item["control_view"]
        if view and number(view) not in seen:
            seen.add(number(view))
            yield view.dereference()
    for thread in threads():
        view = thread["view"]
        if view and number(view) not in seen:
            seen.add(number(view))
            yield view.dereference()


def mappings(view):
    """The slots of a view, as (slot, struct mapping)."""
    for high in range(256):
        table = view["tables"][high]
        for low in range(512) if table else ():
            if table[low]:
                yield high << 9 | low, table[low].dereference()


def rights_text(rights):
    return "".join(letter if int(rights) & bit else "-" for letter, bit in (("r", 1), ("w", 2), ("x", 4)))


def view_name(view):
    return id_text(view["control"]["id"])[:12] if view and view["control"] else "-"


def running():
    """The CPU that each running thread has, by the thread's address."""
    return {number(cpu["current"]): int(cpu["number"]) for cpu in cpus() if cpu["current"]}


def symbol_at(address):
    block = gdb.execute(f"info symbol {address:#x}", to_string=True).strip()
    return "" if block.startswith("No symbol") else block.split(" in section")[0]


def thread_state(thread, on):
    if number(thread.address) in on:
        return f"on CPU {on[number(thread.address)]}"
    return RUN_STATES[int(thread["state"])]


def thread_text(thread, on):
    kinds = [field.name for field in thread.type.fields()]
    priority = f", priority {int(thread['priority'])}" if "priority" in kinds else ""
    return f"thread {int(thread['number'])} \"{string(thread['name'])}\" ({thread_state(thread, on)}{priority})"


def kernel_stack(thread):
    """Return addresses of a thread that is off its CPU: context_switch has left six registers, rbp the topmost."""
    stack = number(thread["saved_stack"])
    base = number(thread["stack_base"])
    word = gdb.lookup_type("unsigned long").pointer()
    read = lambda at: number(gdb.Value(at).cast(word).dereference())
    frame, address = read(stack + 40), read(stack + 48)
    yield address
    while base <= frame < base + 0x10000:
        frame, address = read(frame), read(frame + 8)
        if not address:
            return
        yield address


class ThreadPrinter:
    """A struct thread in one line."""

    def __init__(self, item):
        self.item = item

    def to_string(self):
        return thread_text(self.item, running())


class ViewPrinter:
    """A struct view in one line."""

    def __init__(self, item):
        self.item = item

    def to_string(self):
        item = self.item
        state = "ended" if item["ended"] else "exiting" if item["exiting"] else "alive"
        return f"view {view_name(item)} ({state}, {int(item['thread_count'])} threads)"


class ObjectPrinter:
    """A struct object in one line."""

    def __init__(self, item):
        self.item = item

    def to_string(self):
        item = self.item
        return f"object {id_text(item['id'])} ({int(item['pages'])} pages, {int(item['map_count'])} maps)"


class CpuPrinter:
    """A struct cpu in one line: what it runs and its run queue."""

    def __init__(self, item):
        self.item = item

    def to_string(self):
        item, on = self.item, running()
        ready = [str(int(thread["number"])) for _, head in queues(item) for thread in entries(head, "struct thread", "queue_node")]
        now = thread_text(item["current"].dereference(), on) if item["current"] else "nothing"
        return f"CPU {int(item['number'])} (runs {now}; ready: {', '.join(ready) or 'none'})"


def printers():
    made = gdb.printing.RegexpCollectionPrettyPrinter("twizzler")
    made.add_printer("thread", "^thread$", ThreadPrinter)
    made.add_printer("view", "^view$", ViewPrinter)
    made.add_printer("object", "^object$", ObjectPrinter)
    made.add_printer("run queue", "^cpu$", CpuPrinter)
    return made


class Twz(gdb.Command):
    """Twizzler's kernel: threads, views, maps, objects, runqueues, backtrace, program."""

    def __init__(self):
        super().__init__("twz", gdb.COMMAND_STATUS, gdb.COMPLETE_COMMAND, True)


class Threads(gdb.Command):
    """twz threads: every thread: number, state, view, CPU time, name, and where it is in the kernel."""

    def __init__(self):
        super().__init__("twz threads", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        on = running()
        print(f"{'number':>6} {'state':10} {'view':12} {'ms':>8} {'name':20} where")
        for thread in threads():
            where = ""
            if number(thread.address) not in on and thread["saved_stack"]:
                # The first is schedule itself: say who waits.
                names = [symbol_at(address - 1).split(" +")[0] for address in kernel_stack(thread)]
                names = [name for name in names if name and not name.startswith(("schedule", "thread_begin"))]
                where = " < ".join(names[:3])
            print(f"{int(thread['number']):6} {thread_state(thread, on):10} {view_name(thread['view']):12} "
                  f"{number(thread['run_time']) / 1e6:8.2f} {string(thread['name'])[:20]:20} {where}")


class Views(gdb.Command):
    """twz views: every view: id, state, threads, mapped slots, CPUs that may hold its translations."""

    def __init__(self):
        super().__init__("twz views", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        print(f"{'view':32} {'state':8} {'threads':>7} {'slots':>5} {'root':>10}")
        for view in views():
            slots = sum(1 for _ in mappings(view))
            state = "ended" if view["ended"] else "exiting" if view["exiting"] else "alive"
            identity = id_text(view["control"]["id"]) if view["control"] else "-"
            print(f"{identity:32} {state:8} {int(view['thread_count']):7} {slots:5} {number(view['root']):#10x}")


def view_of(argument):
    """The view whose id begins with ARGUMENT; the one of the selected CPU's thread for none."""
    if not argument:
        for cpu in cpus():
            if int(cpu["number"]) == gdb.selected_thread().num - 1 and cpu["current"]["view"]:
                return cpu["current"]["view"].dereference()
        raise gdb.GdbError("this CPU runs no program; name a view, twz views lists them")
    for view in views():
        if view["control"] and id_text(view["control"]["id"]).startswith(argument):
            return view
    raise gdb.GdbError(f"no view's id begins with '{argument}'; twz views lists them")


class Maps(gdb.Command):
    """twz maps [VIEW]: the objects that a view (by the first digits of its id) has mapped; none: the running one."""

    def __init__(self):
        super().__init__("twz maps", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        print(f"{'address':>18} rights {'object':32} {'pages':>7}")
        for slot, item in mappings(view_of(argument.strip())):
            shown = item["object"].dereference()
            print(f"{slot << SLOT_SHIFT:#18x} {rights_text(item['rights']):6} {id_text(shown['id'])} {int(shown['pages']):7}")


class Objects(gdb.Command):
    """twz objects [ID]: objects whose id begins with ID (all for none): pages, maps, references, flags."""

    def __init__(self):
        super().__init__("twz objects", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        print(f"{'object':32} {'pages':>7} {'maps':>4} {'refs':>4} {'flags':>9} kind")
        count = pages = 0
        for item in objects():
            identity = id_text(item["id"])
            if identity.startswith(argument.strip()):
                count += 1
                pages += int(item["pages"])
                print(f"{identity} {int(item['pages']):7} {int(item['map_count']):4} {int(item['references']):4} "
                      f"{int(item['flags']):#9x} {int(item['kind'])}")
        print(f"{count} objects, {pages} pages")


def queues(cpu):
    """The lists of a CPU that ready threads stand in, highest priority first: fields that are lists or arrays of lists."""
    for field in cpu.type.fields():
        kind = field.type.strip_typedefs()
        if kind.code == gdb.TYPE_CODE_STRUCT and kind.tag == "list":
            yield field.name, cpu[field.name]
        elif kind.code == gdb.TYPE_CODE_ARRAY and kind.target().strip_typedefs().tag == "list":
            for index in reversed(range(kind.range()[1] + 1)):
                yield f"{field.name}[{index}]", cpu[field.name][index]


class RunQueues(gdb.Command):
    """twz runqueues: for each CPU the thread that runs and those that are ready, in order."""

    def __init__(self):
        super().__init__("twz runqueues", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        on = running()
        for cpu in cpus():
            current = cpu["current"].dereference()
            print(f"CPU {int(cpu['number'])}: {int(cpu['queue_length'])} ready, {int(cpu['switch_count'])} switches; runs "
                  f"{thread_text(current, on)}")
            for name, head in queues(cpu):
                for thread in entries(head, "struct thread", "queue_node"):
                    print(f"    {name}: {thread_text(thread, on)}")


class Backtrace(gdb.Command):
    """twz backtrace NUMBER: the kernel stack of a thread that is off its CPU, and where its program is."""

    def __init__(self):
        super().__init__("twz backtrace", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        for thread in threads():
            if str(int(thread["number"])) != argument.strip():
                continue
            if number(thread.address) in running():
                raise gdb.GdbError(f"thread {argument} is on CPU {running()[number(thread.address)]}; "
                                   "use gdb's own backtrace there")
            for depth, address in enumerate(kernel_stack(thread)):
                line = gdb.find_pc_line(address - 1)
                place = f" at {line.symtab.filename}:{line.line}" if line.symtab else ""
                print(f"#{depth:<2} {address:#x} {symbol_at(address - 1)}{place}")
            if thread["frame"]:
                print(f"user rip {number(thread['frame']['rip']):#x} rsp {number(thread['frame']['rsp']):#x}")
            return
        raise gdb.GdbError(f"no thread has number '{argument}'; twz threads lists them")


class Image:
    """An ELF file of the host, and how to know it in a view."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self.head = file.read(4096)
            if self.head[:4] != b"\x7fELF":
                raise gdb.GdbError(f"{path}: no ELF file")
            self.fixed = struct.unpack_from("<H", self.head, 16)[0] == 2
        offset, size, count = struct.unpack_from("<Q", self.head, 32)[0], *struct.unpack_from("<HH", self.head, 54)
        # Header and program headers; the section headers' place differs where the image was stripped.
        self.known = [(0, 40), (52, 6), (offset, size * count)]

    def stands_at(self, base, inferior):
        try:
            return all(bytes(inferior.read_memory(base + at, length)) == self.head[at:at + length]
                       for at, length in self.known)
        except gdb.error:
            return False


class ProgramWatch(gdb.Breakpoint):
    """Stops at the first system call of a view in which an image stands."""

    def __init__(self, images):
        super().__init__("syscall_dispatch", internal=True)
        self.silent = True
        self.images = images
        self.found = []

    def stop(self):
        self.found = find_images(self.images)
        return any(image is self.images[0] for image, _ in self.found)


def current_view():
    index = gdb.selected_thread().num - 1
    for cpu in cpus():
        if int(cpu["number"]) == index and cpu["current"]["view"]:
            return cpu["current"]["view"].dereference()
    return None


def find_images(images):
    """(image, base) of those that stand in the running view."""
    view, inferior, found = current_view(), gdb.selected_inferior(), []
    if view is None:
        return found
    for slot, entry in mappings(view):
        # Whoever reads the file to load it elsewhere has it too, but not to execute.
        if not int(entry["rights"]) & 4:
            continue
        base = slot << SLOT_SHIFT
        for image in images:
            # A fixed image stands where its first page is: the usual place.
            if image.stands_at(0x400000 if image.fixed and slot == 0 else base, inferior):
                found.append((image, 0 if image.fixed else base))
    return found


class Program(gdb.Command):
    """twz program FILE [LIBRARY...]: run until the program FILE runs, and load its symbols and those of the libraries where they stand."""

    def __init__(self):
        super().__init__("twz program", gdb.COMMAND_RUNNING, gdb.COMPLETE_FILENAME)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if not words:
            raise gdb.GdbError("name the program's file")
        images = [Image(path) for path in words]
        watch = ProgramWatch(images)
        try:
            gdb.execute("continue", to_string=True)
            found = watch.found
        finally:
            watch.delete()
        if not found:
            raise gdb.GdbError("the machine stopped before the program ran")
        load(found)


def load(found):
    for image, base in found:
        gdb.execute(f"add-symbol-file {image.path}" + ("" if image.fixed else f" -o {base:#x}"), to_string=True)
        print(f"symbols of {image.path} at {base:#x}")


class Symbols(gdb.Command):
    """twz symbols FILE...: load the symbols of those files that stand in the running view (after dlopen, for instance)."""

    def __init__(self):
        super().__init__("twz symbols", gdb.COMMAND_FILES, gdb.COMPLETE_FILENAME)

    def invoke(self, argument, from_tty):
        found = find_images([Image(path) for path in gdb.string_to_argv(argument)])
        if not found:
            raise gdb.GdbError("none of them stands in the running view; twz maps shows what does")
        load(found)


gdb.printing.register_pretty_printer(None, printers(), replace=True)
for command in (Twz, Threads, Views, Maps, Objects, RunQueues, Backtrace, Program, Symbols):
    command()
