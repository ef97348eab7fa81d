// Package slurmtest is a real Slurm on this machine, for tests.
package slurmtest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Start starts a Slurm of this user's own: munged, slurmctld and two slurmd, nodes one and two, which end with the
// test. It needs neither root nor systemd.
func Start(t *testing.T) {
	t.Helper()
	for _, name := range []string{"munged", "slurmctld", "slurmd", "sbatch"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed; make setup-test installs it", name)
		}
	}
	dir, err := os.MkdirTemp("/tmp", "slurm") // short: sockets are in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	key := make([]byte, 1024)
	rand.Read(key)
	conf := fmt.Sprintf(`ClusterName=test
SlurmctldHost=%[1]s(127.0.0.1)
SlurmctldPort=%[4]d
SlurmUser=%[2]s
SlurmdUser=%[2]s
AuthType=auth/munge
AuthInfo=socket=%[3]s/munge.socket
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
StateSaveLocation=%[3]s/state
SlurmdSpoolDir=%[3]s/spool.%%n
SlurmctldPidFile=%[3]s/slurmctld.pid
SlurmdPidFile=%[3]s/slurmd.%%n.pid
SlurmctldLogFile=%[3]s/slurmctld.log
SlurmdLogFile=%[3]s/slurmd.%%n.log
SchedulerParameters=batch_sched_delay=0,sched_min_interval=50000,sched_interval=1
NodeName=one NodeHostname=%[1]s NodeAddr=127.0.0.1 Port=%[5]d CPUs=%[7]d
NodeName=two NodeHostname=%[1]s NodeAddr=127.0.0.1 Port=%[6]d CPUs=%[7]d
PartitionName=main Nodes=ALL Default=YES
`, host, me.Username, dir, 16000+os.Getpid()%1000, 17000+os.Getpid()%1000, 18000+os.Getpid()%1000, runtime.NumCPU())
	for name, text := range map[string][]byte{"slurm.conf": []byte(conf), "munge.key": key} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o400); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SLURM_CONF", filepath.Join(dir, "slurm.conf"))
	start := func(args ...string) {
		var said bytes.Buffer
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			cmd.Process.Signal(os.Interrupt)
			stopped := time.AfterFunc(5*time.Second, func() { cmd.Process.Kill() })
			cmd.Wait()
			stopped.Stop()
			if t.Failed() {
				t.Logf("%s said: %s", args[0], said.String())
			}
		})
	}
	start("munged", "--foreground", "--force", "--key-file="+dir+"/munge.key", "--socket="+dir+"/munge.socket",
		"--pid-file="+dir+"/munge.pid", "--log-file="+dir+"/munge.log", "--seed-file="+dir+"/munge.seed")
	Await(t, "munged", func() bool { _, err := os.Stat(dir + "/munge.socket"); return err == nil })
	start("slurmctld", "-D", "-c")
	start("slurmd", "-D", "-c", "-N", "one")
	start("slurmd", "-D", "-c", "-N", "two")
	Await(t, "two idle nodes", func() bool {
		out, err := exec.Command("sinfo", "--noheader", "--Node", "--format", "%T").Output()
		return err == nil && bytes.Count(out, []byte("idle")) == 2
	})
}

// Await waits for what comes within five minutes, also on a machine at work on other things.
func Await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if is() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("waited five minutes for %s", what)
		}
	}
}

// Release does what a command of an array job says when Slurm holds a task, until the test ends: after a node was down
// in the middle of a launch.
func Release(t *testing.T) {
	pending(t, 10*time.Second, func(id, reason string) {
		if strings.Contains(reason, "held") {
			_ = exec.Command("scontrol", "release", id).Run()
		}
	})
}

// Hurry lets what Slurm requeues run at once, where it would wait for two minutes, until the test ends.
func Hurry(t *testing.T) {
	pending(t, time.Second, func(id, _ string) {
		_ = exec.Command("scontrol", "update", "JobId="+id, "StartTime=now").Run()
	})
}

// pending tells of every task that waits, and why, again and again until the test ends.
func pending(t *testing.T, every time.Duration, visit func(id, reason string)) {
	go func() {
		for t.Context().Err() == nil {
			out, err := exec.CommandContext(t.Context(), "squeue", "--noheader", "--array", "--states", "PENDING",
				"--format", "%i %r").Output()
			for line := range strings.Lines(string(out)) {
				if id, reason, _ := strings.Cut(strings.TrimSpace(line), " "); err == nil {
					visit(id, reason)
				}
			}
			time.Sleep(every)
		}
	}()
}
