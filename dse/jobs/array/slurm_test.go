package array

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
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

// slurmOf starts a Slurm of this user's own: munged, slurmctld and two slurmd, which end with the test. It needs neither
// root nor systemd.
func slurmOf(t *testing.T) {
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
	await(t, "munged", func() bool { _, err := os.Stat(dir + "/munge.socket"); return err == nil })
	start("slurmctld", "-D", "-c")
	start("slurmd", "-D", "-c", "-N", "one")
	start("slurmd", "-D", "-c", "-N", "two")
	await(t, "two idle nodes", func() bool {
		out, err := exec.Command("sinfo", "--noheader", "--Node", "--format", "%T").Output()
		return err == nil && bytes.Count(out, []byte("idle")) == 2
	})
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if is() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("waited a minute for %s", what)
		}
	}
}

// On a real Slurm: an array job whose tasks are killed, requeued (so that one may run twice) and taken down with their
// node gives what one run gives; a command that is killed comes back and waits for the same job; one that is told so
// cancels it.
func TestSlurm(t *testing.T) {
	slurmOf(t)
	dir := filepath.Join(t.TempDir(), "work")
	o := Options{Engine: "slurm", Program: program(t), Tasks: 4, Poll: 200 * time.Millisecond, Shared: true,
		Say: func(said string) { t.Log(said) }, Warn: func(said string) { t.Log(said) }}
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		await(t, "two jobs", func() bool {
			text, _ := os.ReadFile(filepath.Join(dir, "did"))
			return bytes.Count(text, []byte("\n")) >= 2
		})
		stop()
	}()
	if err := Do(ctx, dir, work, o, numbers(12), second, squares{}.take); err == nil {
		t.Error("a command that was stopped says that all is done")
	}
	j, err := submittedJob(dir)
	if err != nil || j.ID == "" {
		t.Fatalf("the array job does not go on: %v, %v", j, err)
	}
	for _, args := range [][]string{
		{"scancel", "--signal=KILL", "--batch", j.ID + "_0"},
		{"scontrol", "requeue", j.ID + "_1"},
		{"scontrol", "update", "NodeName=two", "State=DOWN", "Reason=test"},
		{"scontrol", "update", "NodeName=two", "State=RESUME"},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Logf("%v: %v %s", args, err, out) // the task may have ended
		}
	}
	go func() { // Slurm lets what was requeued wait for two minutes
		for t.Context().Err() == nil {
			for task := range 4 {
				_ = exec.Command("scontrol", "update", fmt.Sprintf("JobId=%s_%d", j.ID, task), "StartTime=now").Run()
			}
			time.Sleep(time.Second)
		}
	}()
	got := squares{}
	if err := Do(t.Context(), dir, work, o, numbers(12), second, got.take); err != nil {
		t.Fatal(err) // what was killed is submitted again when the first array has ended
	}
	got.check(t, 12)

	o.Cancel = true
	ctx, stop = context.WithCancel(t.Context())
	said := ""
	o.Warn = func(text string) { said += text }
	o.Say = func(string) { stop() }
	if err := Do(ctx, dir, work, o, numbers(12), second, squares{}.take); !errors.Is(err, context.Canceled) || !strings.Contains(said, "is cancelled") {
		t.Errorf("error %v, says %q", err, said)
	}
	if j, err := submittedJob(dir); err != nil || j.ID != "" {
		t.Errorf("array job %v is still known, %v", j, err)
	}
	o.Tasks = 2000
	var long []int
	for range 2000 {
		long = append(long, len(long))
	}
	w := work
	w.Plan.Jobs = 2000
	if err := Do(t.Context(), filepath.Join(t.TempDir(), "work"), w, o, long, second, squares{}.take); err == nil || !strings.Contains(err.Error(), "site's limit of 1001") {
		t.Errorf("an array above the limit: %v", err)
	}
}
