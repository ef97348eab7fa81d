// AXI4-Lite control registers, 32 bits each. Generated from the table that is also the C
// header's, the Python driver's and docs/REGISTERS.md's:
//
<%- range .Registers %>
//   <% printf "0x%02x  %-14s  %-2s  %s" .Offset .Name .Access .Summary %>
<%- end %>
module vit_axi_lite #(
  parameter HOST_ADDR_BITS = 40,    // [bits] address of the host's memory
  parameter [63:0] HASH    = 64'd0  // [hash] of the design, its first 64 bits
) (
  input  wire                      aclk,
  input  wire                      aresetn,
  /* verilator lint_off UNUSED */ // registers are whole words
  input  wire [5:0]                s_axi_awaddr,
  input  wire [5:0]                s_axi_araddr,
  /* verilator lint_on UNUSED */
  input  wire                      s_axi_awvalid,
  output wire                      s_axi_awready,
  input  wire [31:0]               s_axi_wdata,
  input  wire                      s_axi_wvalid,
  output wire                      s_axi_wready,
  output wire [1:0]                s_axi_bresp,
  output reg                       s_axi_bvalid,
  input  wire                      s_axi_bready,
  input  wire                      s_axi_arvalid,
  output wire                      s_axi_arready,
  output reg  [31:0]               s_axi_rdata,
  output wire [1:0]                s_axi_rresp,
  output reg                       s_axi_rvalid,
  input  wire                      s_axi_rready,
  output reg                       start,
  output reg                       soft_reset,  // held until the bus is idle
  input  wire                      bus_idle,
  output reg  [31:0]               images,
  output wire [HOST_ADDR_BITS-1:0] image_base,
  output wire [HOST_ADDR_BITS-1:0] stream_base,
  output wire [HOST_ADDR_BITS-1:0] result_base,
  input  wire                      busy,
  input  wire                      read_error,
  input  wire                      write_error,
  input  wire [31:0]               images_done,
  input  wire                      stalled
);
  // Register numbers: word offsets.
<%- range .Registers %>
  localparam [3:0] REG_<% printf "%-14s" .Name %> = 4'd<% .Index %>;
<%- end %>

  reg [63:0] base_q [0:2];
  reg [63:0] cycles;
  reg [31:0] stalls;
  reg        done, busy_q;
  reg [1:0]  halted;                       // soft_reset has acted on the masters
  assign image_base  = base_q[0][HOST_ADDR_BITS-1:0];
  assign stream_base = base_q[1][HOST_ADDR_BITS-1:0];
  assign result_base = base_q[2][HOST_ADDR_BITS-1:0];

  // Address and data are taken in any order, and acted on when both are there; the next ones when the
  // response has been taken, so writes are at least three cycles apart. No READY depends on a VALID.
  reg        has_address, has_data;
  reg [3:0]  wreg;
  reg [31:0] wdata;
  wire write = has_address && has_data && !s_axi_bvalid;
  wire read  = s_axi_arvalid && s_axi_arready;
  assign s_axi_awready = !has_address;
  assign s_axi_wready  = !has_data;
  assign s_axi_arready = !s_axi_rvalid;
  assign s_axi_bresp   = 2'b00;
  assign s_axi_rresp   = 2'b00;
  always @(posedge aclk) begin
    if (!aresetn || (s_axi_bvalid && s_axi_bready)) {has_address, has_data} <= 2'b00;
    else begin
      if (s_axi_awvalid) has_address <= 1'b1;
      if (s_axi_wvalid)  has_data    <= 1'b1;
    end
    if (!has_address) wreg  <= s_axi_awaddr[5:2];
    if (!has_data)    wdata <= s_axi_wdata;
  end

  always @(posedge aclk) begin
    start      <= aresetn && write && wreg == REG_CONTROL && wdata[0] && !busy && !soft_reset;
    soft_reset <= aresetn && ((write && wreg == REG_CONTROL && wdata[1]) || (soft_reset && !(halted[1] && bus_idle)));
    halted     <= {halted[0] && soft_reset, soft_reset};
    if (!aresetn) begin
      s_axi_bvalid <= 1'b0;
      s_axi_rvalid <= 1'b0;
      done         <= 1'b0;
      busy_q       <= 1'b0;
      images       <= 32'd1;
    end else begin
      if (write)             s_axi_bvalid <= 1'b1;
      else if (s_axi_bready) s_axi_bvalid <= 1'b0;
      if (write)
        case (wreg)
          REG_IMAGES:         images            <= wdata;
          REG_IMAGE_ADDR_LO:  base_q[0][31:0]   <= wdata;
          REG_IMAGE_ADDR_HI:  base_q[0][63:32]  <= wdata;
          REG_STREAM_ADDR_LO: base_q[1][31:0]   <= wdata;
          REG_STREAM_ADDR_HI: base_q[1][63:32]  <= wdata;
          REG_RESULT_ADDR_LO: base_q[2][31:0]   <= wdata;
          REG_RESULT_ADDR_HI: base_q[2][63:32]  <= wdata;
          default:            ;
        endcase
      busy_q <= busy && !soft_reset;
      if (start || soft_reset)  done <= 1'b0;
      else if (busy_q && !busy) done <= 1'b1;
      if (start) begin
        cycles <= 64'd0;
        stalls <= 32'd0;
      end else begin
        cycles <= cycles + {63'd0, busy};
        stalls <= stalls + {31'd0, stalled};
      end
      if (read) begin
        s_axi_rvalid <= 1'b1;
        case (s_axi_araddr[5:2])
          REG_STATUS:         s_axi_rdata <= {28'd0, write_error, read_error, done, busy || soft_reset};
          REG_IMAGES:         s_axi_rdata <= images;
          REG_IMAGE_ADDR_LO:  s_axi_rdata <= base_q[0][31:0];
          REG_IMAGE_ADDR_HI:  s_axi_rdata <= base_q[0][63:32];
          REG_STREAM_ADDR_LO: s_axi_rdata <= base_q[1][31:0];
          REG_STREAM_ADDR_HI: s_axi_rdata <= base_q[1][63:32];
          REG_RESULT_ADDR_LO: s_axi_rdata <= base_q[2][31:0];
          REG_RESULT_ADDR_HI: s_axi_rdata <= base_q[2][63:32];
          REG_CYCLES_LO:      s_axi_rdata <= cycles[31:0];
          REG_CYCLES_HI:      s_axi_rdata <= cycles[63:32];
          REG_IMAGES_DONE:    s_axi_rdata <= images_done;
          REG_STALLS:         s_axi_rdata <= stalls;
          REG_HASH_HI:        s_axi_rdata <= HASH[63:32];
          REG_HASH_LO:        s_axi_rdata <= HASH[31:0];
          default:            s_axi_rdata <= 32'd0;
        endcase
      end else if (s_axi_rready) s_axi_rvalid <= 1'b0;
    end
  end
endmodule
