"""The usual alternative: FastAPI with SQLModel, written with care.

Asynchronous throughout (asyncpg), one statement and one token check for each request where SQLModel
makes that natural. It has revisions, so that its answers are the same, but no idempotency keys, no
request log and no problem details.
"""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from pydantic import BaseModel, field_serializer
from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Identity, Text, update
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

SECRET = os.environ["JWT_SECRET_KEY"]
engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://"),
    pool_size=int(os.environ["THREADS"]),
    max_overflow=0,
)
sessions = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["http://localhost:3000"], allow_credentials=True)


class User(SQLModel, table=True):
    __tablename__ = "users"
    id: str = Field(primary_key=True)
    revision: int = Field(sa_column=Column(BigInteger))


class TaskRead(SQLModel):
    id: int | None = Field(default=None)
    user_id: str
    title: str
    description: str | None = None
    completed: bool = False
    priority: str = "medium"
    due_date: str | None = None
    tags: list[str] = []
    category: str | None = None
    completed_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    revision: int
    deleted_at: datetime | None = None
    recurrence: str | None = None
    recurrence_from: str | None = None
    time_zone: str | None = None
    series_id: str | None = None
    occurrence: int | None = None
    next_task_id: int | None = None

    @field_serializer("created_at", "updated_at", "completed_at")
    def write_time(self, value: datetime | None) -> str | None:
        return value and value.isoformat(timespec="microseconds").replace("+00:00", "Z")


class Task(TaskRead, table=True):
    __tablename__ = "tasks"
    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    user_id: str = Field(primary_key=True)
    tags: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text)))
    completed_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True)))
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True)))
    deleted_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    revision: int = Field(sa_column=Column(BigInteger))
    next_task_id: int | None = Field(default=None, sa_column=Column(BigInteger))


class TaskWrite(BaseModel):
    title: str = Field(min_length=1, max_length=255)
    description: str | None = Field(default=None, max_length=1000)


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


def owner(user_id: str, request: Request) -> str:
    token = request.headers.get("Authorization", "").partition(" ")[2]
    try:
        claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        raise HTTPException(401) from None
    if claims["sub"] != user_id:
        raise HTTPException(403)
    return user_id


Owner = Annotated[str, Depends(owner)]
Session = Annotated[AsyncSession, Depends(session)]


async def next_revision(db: AsyncSession, user_id: str) -> int:
    counter = update(User).where(col(User.id) == user_id).values(revision=User.revision + 1)
    return int((await db.exec(counter.returning(col(User.revision)))).scalar_one())  # type: ignore[call-overload]


async def find(db: AsyncSession, user_id: str, task_id: int) -> Task:
    query = select(Task).where(
        Task.user_id == user_id, Task.id == task_id, col(Task.deleted_at).is_(None)
    )
    task = (await db.exec(query)).one_or_none()
    if task is None:
        raise HTTPException(404)
    return task


async def save(db: AsyncSession, task: Task) -> Task:
    with db.no_autoflush:  # or the task would be written before, and once more afterwards
        task.revision = await next_revision(db, task.user_id)
    task.updated_at = datetime.now(UTC)
    db.add(task)
    await db.commit()
    return task


@app.get("/api/{user_id}/tasks", response_model=list[TaskRead])
async def list_tasks(user_id: Owner, db: Session, request: Request, response: Response) -> Any:
    revision = (await db.exec(select(User.revision).where(User.id == user_id))).one()
    etag = f'"{revision}"'
    if request.headers.get("If-None-Match") == etag:
        return Response(status_code=304, headers={"ETag": etag})
    response.headers["ETag"] = etag
    query = select(Task).where(Task.user_id == user_id, col(Task.deleted_at).is_(None))
    return (await db.exec(query.order_by(col(Task.id).desc()).limit(1000))).all()


@app.post("/api/{user_id}/tasks", response_model=TaskRead, status_code=201)
async def create_task(user_id: Owner, body: TaskWrite, db: Session) -> Any:
    moment = datetime.now(UTC)
    task = Task(
        user_id=user_id,
        title=body.title.strip(),
        description=body.description,
        created_at=moment,
        updated_at=moment,
        revision=0,
        deleted_at=None,
        completed_at=None,
    )
    return await save(db, task)


@app.get("/api/{user_id}/tasks/{task_id}", response_model=TaskRead)
async def get_task(user_id: Owner, task_id: int, db: Session) -> Any:
    return await find(db, user_id, task_id)


@app.put("/api/{user_id}/tasks/{task_id}", response_model=TaskRead)
async def put_task(user_id: Owner, task_id: int, body: TaskWrite, db: Session) -> Any:
    task = await find(db, user_id, task_id)
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(task, name, value)
    return await save(db, task)


@app.patch("/api/{user_id}/tasks/{task_id}/complete", response_model=TaskRead)
async def toggle_task(user_id: Owner, task_id: int, db: Session) -> Any:
    task = await find(db, user_id, task_id)
    task.completed = not task.completed
    task.completed_at = datetime.now(UTC) if task.completed else None
    return await save(db, task)
