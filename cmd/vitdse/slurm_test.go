package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"vitdse/dse/jobs/array/slurmtest"
)

var slurmDesigns = flag.Int("slurm-designs", 0, "`designs` of the study that TestSlurmWork does on a Slurm of its own; 0 leaves it out")

// machine runs the program in a folder of its own, with its own cache.
type machine struct {
	t       *testing.T
	program string
	dir     string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	program, err := exec.LookPath("vitdse") // this test's own, see TestMain
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t, program, t.TempDir()}
	configs, err := filepath.Abs(filepath.Join("..", "..", "configs"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Symlink(configs, filepath.Join(m.dir, "configs")), os.CopyFS(filepath.Join(m.dir, "small"), os.DirFS("testdata/small"))); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *machine) command(args ...string) (*exec.Cmd, *bytes.Buffer) {
	var said bytes.Buffer
	cmd := exec.Command(m.program, args...)
	cmd.Dir, cmd.Env = m.dir, append(os.Environ(), "VITDSE_CACHE="+filepath.Join(m.dir, "cache"))
	cmd.Stdout, cmd.Stderr = &said, &said
	return cmd, &said
}

// do runs a command to its end and gives what it says and its exit code.
func (m *machine) do(args ...string) (string, int) {
	cmd, said := m.command(args...)
	began := time.Now()
	err := cmd.Run()
	m.t.Logf("$ vitdse %s\n%s(%v, %v)", strings.Join(args, " "), said, time.Since(began).Round(time.Second), err)
	return said.String(), cmd.ProcessState.ExitCode()
}

func (m *machine) file(name string) []byte {
	m.t.Helper()
	text, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil {
		m.t.Fatal(err)
	}
	return text
}

// slurm does an administrator's part.
func slurm(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	t.Logf("$ %s\n%s", strings.Join(args, " "), out)
	if err != nil {
		t.Logf("%v", err) // the task may have ended
	}
	return string(out)
}

// A study of designs through Yosys, and a sweep with its measured front, done on a Slurm where the submitting command is
// killed, then a task, then a node goes down, give the bytes of one run in one process.
func TestSlurmWork(t *testing.T) {
	if *slurmDesigns == 0 {
		t.Skip("takes minutes of synthesis; make machines runs it")
	}
	slurmtest.Start(t)
	slurmtest.Hurry(t)
	laptop, farm := newMachine(t), newMachine(t)
	study := []string{"study", "small/run.yaml", "--parts", "xc7z020,lfe5u-85f", "--designs", strconv.Itoa(*slurmDesigns), "--file", "study.jsonl"}
	onSlurm := []string{"--engine", "slurm", "--tasks", "4", "--task-seconds", "30", "--cancel-on-interrupt"}
	if _, code := laptop.do(study...); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	cmd, said := farm.command(append(study, onSlurm...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slurmtest.Await(t, "a running array job", func() bool {
		out, _ := exec.Command("squeue", "--noheader", "--states", "RUNNING", "--format", "%i").Output()
		return len(out) > 0
	})
	time.Sleep(3 * time.Second)
	cmd.Process.Kill()
	cmd.Wait()
	t.Logf("$ vitdse %s\n%s(killed)", strings.Join(append(study, onSlurm...), " "), said)
	ids := strings.Fields(slurm(t, "squeue", "--noheader", "--states", "RUNNING", "--array", "--format", "%i"))
	if len(ids) == 0 {
		t.Fatal("the array job does not go on")
	}
	slurm(t, "scancel", "--signal=KILL", "--full", ids[0])
	slurm(t, "scontrol", "update", "NodeName=two", "State=DOWN", "Reason=test")
	slurm(t, "scontrol", "update", "NodeName=two", "State=RESUME")
	code := -1
	for again := 0; code != 0 && again < 3; again++ {
		_, code = farm.do(append(study, append(onSlurm, "--resume")...)...)
	}
	if code != 0 || !bytes.Equal(laptop.file("study.jsonl"), farm.file("study.jsonl")) {
		t.Errorf("study: exit code %d, or not the bytes of one run", code)
	}
	sweep := []string{"sweep", "small/run.yaml"}
	if _, code := laptop.do(sweep...); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if _, code := farm.do(append(sweep, "--engine", "slurm", "--tasks", "2", "--task-seconds", "0")...); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	for _, name := range []string{"front.json", "front.csv"} {
		if name = filepath.Join("out/small/sweep", name); !bytes.Equal(laptop.file(name), farm.file(name)) {
			t.Errorf("%s is not that of one run", name)
		}
	}
}
