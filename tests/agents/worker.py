"""An MCP server on the official Python SDK, of either generation, with one tool that works on an
objective: it runs the command that stands in the prompt. On standard input and output, or with
`--http PORT` on a port of this machine."""
import subprocess
import sys

try:
    from mcp.server.mcpserver import Context, MCPServer as Server
except ImportError:
    from mcp.server.fastmcp import Context, FastMCP as Server

server = Server("git-ap-test-worker")


@server.tool(description="Works on one objective in its worktree.")
async def work(prompt: str, worktree: str, ctx: Context) -> str:
    await ctx.report_progress(0, 1, "begins")
    if "RUN<<" in prompt:
        command = prompt.split("RUN<<", 1)[1].split(">>RUN", 1)[0]
    else:  # What `git ap worker test` asks for.
        command = "mkdir -p notes && echo hello > notes/hello.txt"
    subprocess.run(["sh", "-c", command], cwd=worktree, check=True)
    await ctx.report_progress(1, 1, "wrote the file")
    return "All done.\n\n### Change Summary\nwrote the file\n"


if len(sys.argv) > 2 and sys.argv[1] == "--http":
    port = int(sys.argv[2])
    try:
        server.run(transport="streamable-http", host="127.0.0.1", port=port)
    except TypeError:
        server.settings.port = port
        server.run(transport="streamable-http")
else:
    server.run()
