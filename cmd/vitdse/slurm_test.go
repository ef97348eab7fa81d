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

var slurmDesigns = flag.Int("slurm-designs", 0, "`designs` of the study that TestSlurmWork does on a Slurm of its "+
	"own; 0 leaves it out")

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
	if err := errors.Join(os.Symlink(configs, filepath.Join(m.dir, "configs")),
		os.CopyFS(filepath.Join(m.dir, "small"), os.DirFS("testdata/small"))); err != nil {
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

// Sensitivities, a sweep with its measured front, the front's points verified and designs of a study synthesized, all
// done on a Slurm where the submitting command is killed, then a task, then a node goes down, give the bytes of one
// process.
func TestSlurmWork(t *testing.T) {
	if *slurmDesigns == 0 {
		t.Skip("takes minutes; make machines runs it")
	}
	slurmtest.Start(t)
	slurmtest.Hurry(t)
	slurmtest.Release(t)
	laptop, farm := newMachine(t), newMachine(t)
	for _, w := range []struct {
		args  []string
		files []string
		fault bool
	}{
		{[]string{"sensitivity", "small/run.yaml", "--bits", "2,3,4,5,6,7,8", "--granularity", "layer,channel", "--to",
			"sensitivities.json"},
			[]string{"sensitivities.json"}, true},
		{[]string{"sweep", "small/run.yaml", "--sensitivities", "sensitivities.json"},
			[]string{"out/small/sweep/front.json", "out/small/sweep/front.csv"}, false},
		{[]string{"verify", "small/run.yaml", "--points", "front", "--target", "hls"},
			[]string{"out/small/sweep/verified.json"}, false},
		{[]string{"study", "small/run.yaml", "--parts", "xc7z020", "--designs", strconv.Itoa(*slurmDesigns), "--most-luts",
			"8000", "--file", "study.jsonl"},
			[]string{"study.jsonl"}, true},
	} {
		t.Run(strings.Join(w.args, " "), func(t *testing.T) {
			if _, code := laptop.do(w.args...); code != 0 {
				t.Fatalf("exit code %d", code)
			}
			farm.onSlurm(w.args, w.fault)
			for _, name := range w.files {
				if !bytes.Equal(laptop.file(name), farm.file(name)) {
					t.Errorf("%s is not that of one process", name)
				}
			}
		})
	}
}

// onSlurm runs a command as an array job; with fault the command, a task and a node end in the middle.
func (m *machine) onSlurm(args []string, fault bool) {
	t := m.t
	args = append(args, "--engine", "slurm", "--tasks", "4", "--task-seconds", "0")
	if fault {
		cmd, said := m.command(args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var ids []string
		slurmtest.Await(t, "running tasks", func() bool {
			out, _ := exec.Command("squeue", "--noheader", "--array", "--states", "RUNNING", "--format", "%i").Output()
			ids = strings.Fields(string(out))
			return len(ids) > 1
		})
		time.Sleep(time.Second)
		cmd.Process.Kill()
		cmd.Wait()
		t.Logf("$ vitdse %s\n%s(killed)", strings.Join(args, " "), said)
		slurm(t, "squeue", "--array", "--format", "%i %T %N")
		slurm(t, "scancel", "--signal=KILL", "--full", ids[0])
		slurm(t, "scontrol", "update", "NodeName=two", "State=DOWN", "Reason=test")
		// What ran there ends; a node that comes back before has its tasks launched twice, and Slurm holds those.
		time.Sleep(10 * time.Second)
		slurm(t, "scontrol", "update", "NodeName=two", "State=RESUME")
		args = append(args, "--resume")
	}
	code := -1
	for again := 0; code != 0 && again < 3; again++ {
		_, code = m.do(args...)
	}
	if code != 0 {
		t.Errorf("vitdse %s: exit code %d", strings.Join(args, " "), code)
	}
}
